-- The working hours that an order was opened under, as domain::work_order::Calendar in JSON. NULL: its clock
-- runs around the clock, or it was opened before they were kept and goes by those of today.
ALTER TABLE work_orders ADD COLUMN hours TEXT CHECK (json_valid(hours) AND (hours IS NULL OR calendar = 'working'));
