SELECT channel, 'computed' AS outcome, count(*) AS lines FROM core.margins GROUP BY channel
UNION ALL
SELECT channel, 'losing', count(*) FROM core.margins WHERE net_cash < 0 GROUP BY channel
UNION ALL
SELECT channel, reason, count(*) FROM core.margin_refusals GROUP BY channel, reason
ORDER BY ALL;
