-- How an endpoint did in its last checks is read from the newest run on.
CREATE INDEX check_results_by_device_run ON check_results (device_id, run_id);
