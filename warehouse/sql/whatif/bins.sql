-- How many lines have which net margin, in steps of five points from -50 to 50; what lies beyond counts into the last.
SELECT channel, scenario, bin, count(*) AS offers
FROM (
    SELECT
        channel, unnest(['before', 'after']) AS scenario,
        unnest([margin_before, margin_after]) AS margin,
        least(greatest(floor(margin * 20), -10), 9)::INTEGER * 5 AS bin
    FROM compared
)
WHERE margin IS NOT NULL
GROUP BY ALL
ORDER BY ALL;
