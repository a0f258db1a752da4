SELECT title, offers, suppliers FROM core.products WHERE suppliers > 1 ORDER BY suppliers DESC, title LIMIT 5
