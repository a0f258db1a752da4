SELECT * FROM marts.channel_margins ORDER BY channel;
