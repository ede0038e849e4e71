-- What of a plan was run or missed for a begin is asked in every turn; what persons ask for adds nothing to it.
CREATE INDEX check_runs_planned ON check_runs (meeting_id, meeting_from_ms) WHERE cause <> 'asked';
