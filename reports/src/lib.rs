//! Run records, statistics, charts, pages and verdicts.
