-- Payments, files of them, standing orders, reconciliation: the schema. Lock: none that matters.
-- Duration: milliseconds.

create schema payments;

grant usage on schema payments to florin_app;
