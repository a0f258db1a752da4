CALL lake.set_commit_message('meschain', $message);
