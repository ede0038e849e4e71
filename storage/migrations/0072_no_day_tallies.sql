-- Nothing reads them any more: figures of every day come from the days that are kept.
DROP TABLE day_tallies;
