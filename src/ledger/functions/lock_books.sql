-- Waits for a period close under way, locks the balances of the accounts in id order if asked to,
-- and only then looks: each statement below has a snapshot of its own, so all of it is as committed
-- by whoever held the locks before. Answers one text for all accounts, fields separated by commas
-- and accounts by semicolons, because thousands of rows cost far more than one.
create or replace function ledger.lock_books(
  in p_accounts uuid[],
  in p_external_ids text[],
  in p_is_locking boolean,
  out accounts text,
  out known uuid[],
  out segment integer,
  out closed_before_us bigint,
  out next_deadline_us bigint
) language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('ledger.period'));
  if p_is_locking then
    perform 1 from ledger.balances b where b.account_id = any(p_accounts)
    order by b.account_id for no key update;
  end if;
  select string_agg(
    b.account_id || ',' || b.version || ',' || b.revision || ',' || b.posted_debits || ','
    || b.posted_credits || ',' || b.pending_debits || ',' || b.pending_credits || ','
    || b.changed_at_us || ',' || a.currency || ',' || a.normal_side || ',' || a.state || ','
    || coalesce(a.floor::text, '') || ',' || coalesce(a.ceiling::text, '') || ','
    || a.credit_limit, ';')
  into accounts
  from unnest(p_accounts) as wanted (id)
  join ledger.balances b on b.account_id = wanted.id
  join ledger.accounts a on a.id = wanted.id;
  if p_external_ids is not null then
    select array_agg(t.id) into known
    from unnest(p_external_ids) as wanted (external_id)
    join ledger.transfers t on t.external_id = wanted.external_id;
  end if;
  select max(s.segment) into segment from ledger.segments s;
  select (extract(epoch from max(c.closed_before)) * 1000000)::bigint into closed_before_us
  from ledger.period_closes c;
  select (extract(epoch from min(h.expires_at)) * 1000000)::bigint into next_deadline_us
  from ledger.holds h where h.state = 'open' and h.expires_at is not null;
end
$$;
