-- The log of one tenant in its order, for folding it alone, and which tenants have one; and what
-- each process decided, in its order. Lock: no writing to fraud.log and fraud.batches meanwhile.
-- Duration: a second for each million rows.

create index log_of_tenant on fraud.log (tenant, position);
create unique index batches_of_run on fraud.batches (run, ordinal);
