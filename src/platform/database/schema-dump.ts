// Owns the picture of the schema that reviewers read: the catalogs written out as SQL, in an order
// that depends on names alone. Equal schemas give equal text. It is for reading, not for restoring;
// a function stands with its signature and the hash of its body, which has a file of its own.

import { createHash } from 'node:crypto';
import type { Queryable } from './port.ts';
import { APPLICATION_ROLE } from './postgres.ts';

/** The schema as SQL text. Wants a session whose search_path is empty, so that names are whole. */
export async function dumpSchema(session: Queryable): Promise<string> {
  const blocks = [
    ...(await schemas(session)),
    ...(await extensions(session)),
    ...(await types(session)),
    ...(await tables(session)),
    ...(await views(session)),
    ...(await functions(session)),
  ].toSorted((a, b) => compare(a.schema, b.schema) || a.rank - b.rank || compare(a.name, b.name));
  const header =
    '-- The schema that the migrations and functions make. Written by tools/schema-dump.ts from\n' +
    '-- a fresh database and compared by a test: review a migration by its difference.\n';
  return [header, ...blocks.map(({ text }) => text)].join('\n');
}

/** One object with all that belongs to it. */
interface Block {
  readonly schema: string;
  /** Schemas before extensions and types before tables before views before functions. */
  readonly rank: number;
  readonly name: string;
  readonly text: string;
}

interface Acl {
  readonly grantee: string;
  readonly privileges: readonly string[];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const OWN_SCHEMA = `n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and n.nspname not like 'pg\\_%' and n.nspname <> 'public'`;

// What an extension made is the extension's, and another release of it may make something else.
const ownOf = (object: string, catalog: string): string => `${OWN_SCHEMA} and not exists (
  select from pg_depend e where e.classid = '${catalog}'::regclass and e.objid = ${object}.oid
    and e.deptype = 'e')`;

// Only what the owner gave away: his own rights say nothing. A null ACL is PostgreSQL's default,
// which for a function lets everybody call it.
const aclOf = (acl: string, owner: string): string => `(
  select coalesce(json_agg(json_build_object('grantee', g.grantee, 'privileges', g.privileges)
    order by g.grantee), '[]')
  from (
    select coalesce(r.rolname, 'public') as grantee,
      array_agg(lower(x.privilege_type) order by x.privilege_type) as privileges
    from aclexplode(${acl}) as x left join pg_roles r on r.oid = x.grantee
    where x.grantee <> ${owner}
    group by 1
  ) as g)`;

function grants(acl: readonly Acl[], object: string): string[] {
  return acl.map(({ grantee, privileges }) => {
    const role = grantee === 'public' || grantee === APPLICATION_ROLE ? grantee : `"${grantee}"`;
    return `grant ${privileges.join(', ')} on ${object} to ${role};`;
  });
}

function commentOn(object: string, comment: string | null): string[] {
  return comment === null ? [] : [`comment on ${object} is ${quote(comment)};`];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function block(schema: string, rank: number, name: string, lines: readonly string[]): Block {
  return { schema, rank, name, text: `${lines.join('\n')}\n` };
}

async function schemas(session: Queryable): Promise<Block[]> {
  const rows = await session.query<{ schema: string; acl: Acl[]; comment: string | null }>({
    text: `select quote_ident(n.nspname) as schema, ${aclOf('n.nspacl', 'n.nspowner')} as acl,
        obj_description(n.oid, 'pg_namespace') as comment
      from pg_namespace n where ${OWN_SCHEMA}`,
  });
  return rows.map(({ schema, acl, comment }) =>
    block(schema, 0, schema, [
      `create schema ${schema};`,
      ...commentOn(`schema ${schema}`, comment),
      ...grants(acl, `schema ${schema}`),
    ]),
  );
}

async function extensions(session: Queryable): Promise<Block[]> {
  const rows = await session.query<{ schema: string; name: string }>({
    text: `select quote_ident(n.nspname) as schema, quote_ident(e.extname) as name
      from pg_extension e join pg_namespace n on n.oid = e.extnamespace where ${OWN_SCHEMA}`,
  });
  return rows.map(({ schema, name }) =>
    block(schema, 1, name, [`create extension ${name} with schema ${schema};`]),
  );
}

async function types(session: Queryable): Promise<Block[]> {
  const rows = await session.query<{ schema: string; name: string; definition: string }>({
    text: `select quote_ident(n.nspname) as schema, t.oid::regtype::text as name,
        case t.typtype
          when 'e' then 'create type ' || t.oid::regtype || ' as enum (' || (
            select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
            from pg_enum e where e.enumtypid = t.oid) || ');'
          when 'd' then 'create domain ' || t.oid::regtype || ' as '
            || format_type(t.typbasetype, t.typtypmod)
            || coalesce((
              select ' ' || string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname)
              from pg_constraint k where k.contypid = t.oid), '') || ';'
          else 'create type ' || t.oid::regtype || ' as (' || (
            select string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod),
              ', ' order by a.attnum)
            from pg_attribute a where a.attrelid = t.typrelid and not a.attisdropped) || ');'
        end as definition
      from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where ${ownOf('t', 'pg_type')} and (t.typtype in ('e', 'd') or t.typtype = 'c' and exists (
        select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))`,
  });
  return rows.map(({ schema, name, definition }) => block(schema, 1, name, [definition]));
}

interface TableRow {
  readonly schema: string;
  readonly name: string;
  readonly oid: number;
  readonly partition_key: string | null;
  readonly partition_of: string | null;
  readonly bounds: string | null;
  readonly options: string | null;
  readonly acl: Acl[];
  readonly comment: string | null;
  readonly columns: readonly string[];
  readonly constraints: readonly string[];
  readonly indexes: readonly string[];
  readonly triggers: readonly string[];
  readonly column_comments: readonly { name: string; comment: string }[];
  readonly column_grants: readonly { name: string; acl: Acl[] }[];
}

// Partitions beyond the first are made while the bank runs, so they are no part of the schema.
// What a partition has from its parent (columns, constraints, indexes, triggers) is not repeated.
const TABLES = `
  select quote_ident(n.nspname) as schema, c.oid::regclass::text as name, c.oid::int as oid,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
    case when c.relispartition then i.inhparent::regclass::text end as partition_of,
    pg_get_expr(c.relpartbound, c.oid) as bounds,
    array_to_string(c.reloptions, ', ') as options,
    ${aclOf('c.relacl', 'c.relowner')} as acl,
    obj_description(c.oid, 'pg_class') as comment,
    array(
      select quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
        || case when a.attcollation <> 0 and a.attcollation <> t.typcollation
          then ' collate ' || a.attcollation::regcollation else '' end
        || case when a.attnotnull then ' not null' else '' end
        || case a.attidentity when 'a' then ' generated always as identity'
          when 'd' then ' generated by default as identity' else '' end
        || case when d.oid is null then ''
          when a.attgenerated <> '' then
            ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ')'
          else ' default ' || pg_get_expr(d.adbin, d.adrelid) end
      from pg_attribute a join pg_type t on t.oid = a.atttypid
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      order by a.attnum) as columns,
    array(
      select 'constraint ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
      from pg_constraint k
      where k.conrelid = c.oid and k.contype not in ('n', 't') and k.conparentid = 0
      order by position(k.contype in 'pucfx'), k.conname) as constraints,
    array(
      select pg_get_indexdef(x.indexrelid) || ';'
      from pg_index x join pg_class ic on ic.oid = x.indexrelid
      where x.indrelid = c.oid and not ic.relispartition
        and not exists (select from pg_constraint k where k.conindid = x.indexrelid
          and k.contype in ('p', 'u', 'x') and k.conrelid = c.oid)
      order by ic.relname) as indexes,
    array(
      select pg_get_triggerdef(g.oid) || ';' from pg_trigger g
      where g.tgrelid = c.oid and not g.tgisinternal and g.tgparentid = 0
      order by g.tgname) as triggers,
    (select coalesce(json_agg(json_build_object('name', a.attname, 'comment',
        col_description(c.oid, a.attnum)) order by a.attnum), '[]')
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
        and col_description(c.oid, a.attnum) is not null) as column_comments,
    (select coalesce(json_agg(json_build_object('name', a.attname, 'acl',
        ${aclOf('a.attacl', 'c.relowner')}) order by a.attnum), '[]')
      from pg_attribute a where a.attrelid = c.oid and a.attacl is not null) as column_grants
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_inherits i on i.inhrelid = c.oid
  where ${ownOf('c', 'pg_class')} and c.relkind in ('r', 'p')
    and (not c.relispartition or not exists (
    select from pg_inherits o join pg_class oc on oc.oid = o.inhrelid
    where o.inhparent = i.inhparent and oc.relname < c.relname))`;

async function tables(session: Queryable): Promise<Block[]> {
  const rows = await session.query<TableRow>({ text: TABLES });
  return rows.map((row) => block(row.schema, 2, row.name, tableLines(row)));
}

function tableLines(row: TableRow): string[] {
  const { name } = row;
  const partitioning = row.partition_key === null ? '' : ` partition by ${row.partition_key}`;
  const options = row.options === null ? '' : ` with (${row.options})`;
  const members = [...row.columns, ...row.constraints].map((member) => `  ${member}`).join(',\n');
  const create =
    row.partition_of === null
      ? `create table ${name} (\n${members}\n)${partitioning}${options};`
      : `-- The first of the partitions, which are added while the bank runs.\n` +
        `create table ${name} partition of ${row.partition_of} ${row.bounds ?? ''}${options};`;
  return [
    create,
    ...row.indexes,
    ...row.triggers,
    ...grants(row.acl, name),
    ...row.column_grants.flatMap((column) => grants(column.acl, `${name} (${column.name})`)),
    ...commentOn(`table ${name}`, row.comment),
    ...(row.partition_of === null ? row.column_comments : []).flatMap((column) =>
      commentOn(`column ${name}.${column.name}`, column.comment),
    ),
  ];
}

async function views(session: Queryable): Promise<Block[]> {
  const rows = await session.query<{
    schema: string;
    name: string;
    kind: string;
    definition: string;
    acl: Acl[];
    comment: string | null;
  }>({
    text: `select quote_ident(n.nspname) as schema, c.oid::regclass::text as name,
        case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
          else 'sequence' end as kind,
        case when c.relkind = 'S' then '' else pg_get_viewdef(c.oid, true) end as definition,
        ${aclOf('c.relacl', 'c.relowner')} as acl, obj_description(c.oid, 'pg_class') as comment
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${ownOf('c', 'pg_class')} and c.relkind in ('v', 'm', 'S')`,
  });
  return rows.map(({ schema, name, kind, definition, acl, comment }) =>
    block(schema, 3, name, [
      definition === '' ? `create ${kind} ${name};` : `create ${kind} ${name} as\n${definition}`,
      ...grants(acl, name),
      ...commentOn(`${kind} ${name}`, comment),
    ]),
  );
}

async function functions(session: Queryable): Promise<Block[]> {
  const rows = await session.query<{
    schema: string;
    name: string;
    signature: string;
    properties: string;
    body: string;
    is_default_acl: boolean;
    acl: Acl[];
    comment: string | null;
  }>({
    text: `select quote_ident(n.nspname) as schema, p.oid::regprocedure::text as name,
        case p.prokind when 'p' then 'procedure ' else 'function ' end
          || n.nspname || '.' || p.proname || '(' || pg_get_function_arguments(p.oid) || ')'
          || coalesce(' returns ' || pg_get_function_result(p.oid), '') as signature,
        concat_ws(' ', 'language ' || l.lanname,
          case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
          case when p.proisstrict then 'strict' end,
          case when p.prosecdef then 'security definer' end,
          case p.proparallel when 's' then 'parallel safe' when 'r' then 'parallel restricted' end,
          'set ' || array_to_string(p.proconfig, ' set ')) as properties,
        coalesce(p.prosrc, '') || coalesce(pg_get_function_sqlbody(p.oid), '') as body,
        p.proacl is null as is_default_acl,
        ${aclOf('p.proacl', 'p.proowner')} as acl, obj_description(p.oid, 'pg_proc') as comment
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        join pg_language l on l.oid = p.prolang
      where ${ownOf('p', 'pg_proc')}`,
  });
  return rows.map((row) => {
    const hash = createHash('sha256').update(row.body).digest('hex').slice(0, 16);
    const kind = row.signature.startsWith('procedure') ? 'procedure' : 'function';
    const everybody = row.is_default_acl ? [{ grantee: 'public', privileges: ['execute'] }] : [];
    return block(row.schema, 4, row.name, [
      `create ${row.signature} ${row.properties}; -- body ${hash}`,
      ...grants([...everybody, ...row.acl], `${kind} ${row.name}`),
      ...commentOn(`${kind} ${row.name}`, row.comment),
    ]);
  });
}
