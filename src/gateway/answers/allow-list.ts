// Owns what may leave in an answer: the members that the operation's schema names, and no others.
// Compiled once, at start; an answer that has nothing else is passed on as it is. JSON text was
// written member by member and is not read again: where answers are checked, tests prove it true.
import { assert } from '#kernel';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { isRefused } from '../routes.ts';
import type { Answer, Operation, Outcome } from '../routes.ts';

type SchemaNode = Readonly<Record<string, unknown>>;
type Members = Readonly<Record<string, unknown>>;

/** The value without what its schema does not name; the same value if it has nothing else. */
type Project = (value: unknown) => unknown;

export interface AllowListOptions {
  /** Whether an answer that is not as its schema says is a bug: for tests, as it costs. */
  readonly isChecked: boolean;
}

/** The outcome of an operation as it may be sent. */
export function compileAllowList(
  { operationId, schema }: Operation,
  { isChecked }: AllowListOptions,
): (outcome: Outcome) => Outcome {
  const byStatus = new Map(
    Object.entries(schema.response).map(([status, { body }]) => [
      Number(status),
      body === undefined ? undefined : compileBody(body),
    ]),
  );
  return (outcome) => {
    if (isRefused(outcome) || outcome.body === undefined) return outcome;
    const { status, body } = outcome;
    const form = byStatus.get(status);
    if (isChecked) requireForm(form, outcome, operationId);
    if (typeof body === 'string') return outcome;
    assert(form !== undefined, `${operationId} answers ${status}, which has no schema`);
    const allowed = form.project?.(body) ?? body;
    return allowed === body ? outcome : { ...outcome, body: allowed };
  };
}

interface BodyForm {
  readonly project: Project | undefined;
  readonly schema: TSchema;
}

function compileBody(schema: TSchema): BodyForm {
  return { schema, project: compileProjection(schema) };
}

// Of any answer in JSON, text or not; its form is compiled when it is first asked about.
const validators = new WeakMap<TSchema, ReturnType<typeof Compile>>();

function requireForm(form: BodyForm | undefined, answer: Answer, operationId: string): void {
  const { status, body, headers = {} } = answer;
  const mediaType = headers['content-type'];
  if (mediaType !== undefined && !mediaType.startsWith('application/json')) return;
  if (form === undefined) {
    assert(typeof body === 'string', `${operationId} answers ${status}, which has no schema`);
    return;
  }
  let validator = validators.get(form.schema);
  if (validator === undefined) {
    validator = Compile(form.schema);
    validators.set(form.schema, validator);
  }
  const value: unknown = JSON.parse(typeof body === 'string' ? body : JSON.stringify(body));
  if (validator.Check(value)) return;
  const [first] = validator.Errors(value);
  const where = `${first?.instancePath ?? ''} ${first?.message ?? ''}`;
  assert(false, `${operationId} answers ${status} off its schema: ${where}`);
}

function compileProjection(schema: unknown): Project | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const node = schema as SchemaNode;
  if (Array.isArray(node['anyOf'])) return compileUnion(node['anyOf'] as TSchema[]);
  if (node['type'] === 'array') return compileItems(node['items']);
  return node['type'] === 'object' ? compileObject(node) : undefined;
}

function compileItems(items: unknown): Project | undefined {
  const project = compileProjection(items);
  if (project === undefined) return undefined;
  return (value) => {
    if (!Array.isArray(value)) return value;
    const given: readonly unknown[] = value;
    const allowed = given.map(project);
    return allowed.every((item, index) => item === given[index]) ? given : allowed;
  };
}

function compileObject(node: SchemaNode): Project | undefined {
  const { properties = {}, patternProperties = {}, additionalProperties } = node;
  const named = new Map(
    Object.entries(properties as Members).map(([name, child]) => [name, compileProjection(child)]),
  );
  const matched = Object.entries(patternProperties as Members).map(
    ([pattern, child]) => [new RegExp(pattern, 'u'), compileProjection(child)] as const,
  );
  const isClosed = additionalProperties === false;
  const isPlain = [...named.values(), ...matched.map(([, child]) => child)].every(
    (child) => child === undefined,
  );
  if (!isClosed && isPlain) return undefined;
  const projectMember = (name: string, value: unknown): unknown => {
    const project = named.get(name);
    if (project !== undefined) return project(value);
    if (named.has(name)) return value;
    const match = matched.find(([pattern]) => pattern.test(name));
    if (match === undefined) return isClosed ? DROPPED : value;
    return match[1] === undefined ? value : match[1](value);
  };
  return (value) => (isMembers(value) ? projectMembers(value, projectMember) : value);
}

/** Of a member that may not leave. */
const DROPPED = Symbol('dropped');

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The order of members stays: it is part of the answer's bytes.
function projectMembers(
  value: Members,
  projectMember: (name: string, value: unknown) => unknown,
): Members {
  const kept: [string, unknown][] = [];
  let isSame = true;
  for (const [name, member] of Object.entries(value)) {
    const allowed = projectMember(name, member);
    if (allowed !== member) isSame = false;
    if (allowed !== DROPPED) kept.push([name, allowed]);
  }
  return isSame ? value : Object.fromEntries(kept);
}

// The first variant that the value has the form of, once it is rid of what that does not name.
function compileUnion(schemas: readonly TSchema[]): Project | undefined {
  const variants = schemas.map((schema) => ({ project: compileProjection(schema), schema }));
  const shaped = variants.filter(({ project }) => project !== undefined);
  const [only] = shaped;
  if (only === undefined) return undefined;
  if (shaped.length === 1) return (value) => (isScalar(value) ? value : only.project?.(value));
  const checked = shaped.map(({ project, schema }) => ({ project, validator: Compile(schema) }));
  return (value) => {
    if (isScalar(value)) return value;
    for (const { project, validator } of checked) {
      const allowed = project?.(value);
      if (validator.Check(JSON.parse(JSON.stringify(allowed)))) return allowed;
    }
    return assert(false, 'an answer has none of the forms that its schema names');
  };
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}
