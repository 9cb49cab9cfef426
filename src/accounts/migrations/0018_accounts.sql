-- Customers and what they hold with the bank: the schema. Lock: none that matters. Duration:
-- milliseconds.

create schema accounts;

grant usage on schema accounts to florin_app;
