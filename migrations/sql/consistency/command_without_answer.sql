-- Every command that was committed has its answer.
SELECT c.id, c.function, c.login FROM api.command c WHERE c.result IS NULL
