-- Room for the answers: a claim is a small row, and its answer, some ten times as large, takes its
-- place moments later. Where that fits on the same page, no index is written again. Pages are as
-- full as before once their requests are answered. Lock: none that blocks reading or writing (SHARE
-- UPDATE EXCLUSIVE). Duration: milliseconds, as only new pages are filled so.

alter table gateway.idempotent_requests set (fillfactor = 20);
