// The SQL that asks the catalogue how the log is protected: triggers, rights, functions,
// partitions. Any role may read it.

import { APPLICATION_ROLE, type Queryable } from '#platform';

/** A table, view or sequence of the schema, as the catalogue has it. */
export interface Relation {
  readonly name: string;
  /** The table that this is a partition of. */
  readonly parent: string | null;
  readonly kind: string;
  readonly is_permanent: boolean;
  /** Row security, or rules that rewrite statements. */
  readonly is_rewritten: boolean;
  /** Active triggers that refuse each row's update and delete, and truncate. */
  readonly refuses_rows: boolean;
  readonly refuses_truncate: boolean;
  /** Triggers that do anything else: "name function", and "asleep" where they are. */
  readonly other_triggers: readonly string[];
  /** What the application may do with it, in whatever way it came by that. */
  readonly rights: readonly string[];
  /** Who else but the owner may do more than read: "role privilege". */
  readonly foreign_rights: readonly string[];
}

// pg_trigger.tgtype: 1 each row, 2 before, 8 delete, 16 update, 32 truncate.
const RELATIONS = `
with guards as (
  select t.tgrelid as id,
    coalesce(bit_or(t.tgtype) filter (where t.tgtype & 1 = 1), 0) & 24 = 24 as refuses_rows,
    coalesce(bit_or(t.tgtype) filter (where t.tgtype & 1 = 0), 0) & 32 = 32 as refuses_truncate
  from pg_trigger t
  where t.tgenabled in ('O', 'A') and t.tgtype & 2 = 2 and t.tgqual is null
    and t.tgfoid = to_regprocedure('audit.refuse_change()')
  group by t.tgrelid
)
select c.relname::text as name, parent.relname::text as parent, c.relkind::text as kind,
  c.relpersistence = 'p' as is_permanent,
  c.relrowsecurity or c.relforcerowsecurity or c.relhasrules and c.relkind <> 'v' as is_rewritten,
  coalesce(g.refuses_rows, false) as refuses_rows,
  coalesce(g.refuses_truncate, false) as refuses_truncate,
  array(select t.tgname || ' ' || t.tgfoid::regproc
      || case when t.tgenabled in ('O', 'A') then '' else ' asleep' end
    from pg_trigger t where t.tgrelid = c.oid
    and t.tgfoid is distinct from to_regprocedure('audit.refuse_change()')
    and not (t.tgisinternal and t.tgconstraint <> 0) order by t.tgname) as other_triggers,
  array(select wanted from unnest(array['select', 'insert', 'update', 'delete', 'truncate',
      'references', 'trigger']) as wanted
    where has_table_privilege($1, c.oid, wanted)
      or wanted = 'update' and has_any_column_privilege($1, c.oid, wanted)) as rights,
  array(select distinct coalesce(r.rolname, 'public') || ' ' || lower(a.privilege_type)
    from (select c.relacl as acl union all
      select t.attacl from pg_attribute t where t.attrelid = c.oid) as all_acls,
      lateral aclexplode(all_acls.acl) as a
      left join pg_roles r on r.oid = a.grantee
    where a.grantee <> c.relowner and coalesce(r.rolname, 'public') <> $1
      and a.privilege_type <> 'SELECT' order by 1) as foreign_rights
from pg_class c
left join pg_inherits i on i.inhrelid = c.oid
left join pg_class parent on parent.oid = i.inhparent
left join guards g on g.id = c.oid
where c.relnamespace = to_regnamespace('audit') and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by c.relname`;

export async function relations(queryable: Queryable): Promise<Relation[]> {
  return await queryable.query<Relation>({ text: RELATIONS, values: [APPLICATION_ROLE] });
}

/** Ways around every trigger and right, in words. */
export async function waysAround(queryable: Queryable): Promise<string[]> {
  const rows = await queryable.query<{ way: string }>({
    text: `
      select 'session_replication_role is ' || s.reset_val || ' from the start' as way
      from pg_settings s where s.name = 'session_replication_role' and s.reset_val <> 'origin'
      union all
      select format('%s is set for %s', o.setting, coalesce(r.rolname, 'all roles'))
      from pg_db_role_setting d left join pg_roles r on r.oid = d.setrole,
        lateral unnest(d.setconfig) as o (setting)
      where o.setting like 'session_replication_role=%'
        and d.setdatabase in (0, (select oid from pg_database where datname = current_database()))
      union all
      select format('%s may do anything', r.rolname) from pg_roles r
      where r.rolname = $1
        and (r.rolsuper or r.rolcreaterole or r.rolbypassrls or r.rolreplication)
      union all
      select format('%s may become %s, who owns the log', $1, o.rolname)
      from pg_namespace n join pg_roles o on o.oid = n.nspowner
      where n.nspname = 'audit' and exists (select from pg_roles r where r.rolname = $1)
        and pg_has_role($1, n.nspowner, 'member')
      union all
      select format('%s may create in the schema of the log', $1) from pg_roles r
      where r.rolname = $1 and has_schema_privilege(r.oid, 'audit', 'create')`,
    values: [APPLICATION_ROLE],
  });
  return rows.map(({ way }) => way);
}

export interface StoredFunction {
  readonly name: string;
  readonly arguments: string;
  readonly language: string;
  readonly body: string;
  readonly is_definer: boolean;
  readonly settings: readonly string[];
  readonly is_of_owner: boolean;
}

export async function storedFunctions(queryable: Queryable): Promise<StoredFunction[]> {
  return await queryable.query<StoredFunction>({
    text: `select p.proname::text as name, pg_get_function_identity_arguments(p.oid) as arguments,
        l.lanname::text as language, p.prosrc as body, p.prosecdef as is_definer,
        coalesce(p.proconfig, '{}'::text[]) as settings, p.proowner = n.nspowner as is_of_owner
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      join pg_language l on l.oid = p.prolang
      where n.nspname = 'audit' order by p.proname, arguments`,
  });
}

/** Months and partitions of bundles that do not fit each other, in words. */
export async function unfitMonths(
  queryable: Queryable,
): Promise<{ readonly place: string; readonly expected: string; readonly found: string }[]> {
  return await queryable.query({
    text: `
      with partitions as (
        select c.relname::text as name, pg_get_expr(c.relpartbound, c.oid) as bound
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = to_regclass('audit.bundles') and not i.inhdetachpending
      ),
      wanted as (
        select m.month, 'bundles_' || m.month as name,
          format('FOR VALUES IN (%s)', m.month) as bound
        from audit.months m
        where not exists (select from audit.removed_months r where r.month = m.month)
      )
      select 'month ' || w.month as place, w.name || ' ' || lower(w.bound) as expected,
        coalesce(p.name || ' ' || lower(p.bound), 'no such partition') as found
      from wanted w left join partitions p on p.name = w.name
      where p.bound is distinct from w.bound
      union all
      select 'partition ' || p.name, 'a month', 'none'
      from partitions p where not exists (select from wanted w where w.name = p.name)
      union all
      select 'month ' || m.month, 'a bundle recorded when it was opened', 'none'
      from audit.months m
      where not exists (select from audit.removed_months r where r.month = m.month)
        and not exists (select from audit.bundles b
          where b.month = m.month and b.recorded_at = m.opened_at)
      union all
      select 'removed month ' || r.month, 'a month that was opened', 'none'
      from audit.removed_months r
      where not exists (select from audit.months m where m.month = r.month)`,
  });
}
