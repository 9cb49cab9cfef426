-- What callers may do, how often, and what they were answered: the schema. Lock: none that matters.
-- Duration: milliseconds.

create schema gateway;

grant usage on schema gateway to florin_app;
