// The matrix of every route and every kind of caller, made from a table of routes, so that a new
// route is tried by itself: without a token, with a token of each role, with one factor where two
// are asked for, without a scope, for the objects of another customer, of another tenant.
import { randomUUID } from 'node:crypto';
import { roles } from '#identity';
import type { Role } from '#identity';
import type { Route } from '../routes.ts';
import { permissionTable, scopes, staffRoles } from './roles.ts';

export interface MatrixCase {
  /** A sentence of the specification. */
  readonly title: string;
  readonly route: Route;
  /** Undefined: no token. */
  readonly bearer: MatrixBearer | undefined;
  /** The codes it may be refused with; undefined where it gets past the doors: not 401, not 403. */
  readonly refusedWith: readonly string[] | undefined;
}

/** Of a person without any mandate. */
export interface MatrixBearer {
  readonly role: Role;
  readonly factors: 1 | 2;
  readonly scope: string;
  readonly tenant: string;
}

/** A request that is valid as far as a schema can tell, about objects that nobody has. */
export interface SampleRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

export interface MatrixOptions {
  /** Whose the callers are, unless a case is about another tenant: the first, for all to work. */
  readonly tenant: string;
}

export function matrixOf(
  routes: readonly Route[],
  { tenant }: MatrixOptions = { tenant: 'main' },
): MatrixCase[] {
  return routes
    .filter(({ permission }) => permission !== 'public')
    .flatMap((route) => casesOf(route, tenant));
}

const EVERY_SCOPE = Object.keys(scopes).join(' ');

function casesOf(route: Route, tenant: string): MatrixCase[] {
  const { method, path, permission } = route;
  const row = Object.hasOwn(permissionTable, permission) ? permissionTable[permission] : undefined;
  const name = `${method} ${path}`;
  const bearerOf = (role: Role, changes: Partial<MatrixBearer> = {}): MatrixBearer => {
    return { role, factors: 2, scope: EVERY_SCOPE, tenant, ...changes };
  };
  const cases: MatrixCase[] = [
    {
      title: `${name} without a token is 401`,
      route,
      bearer: undefined,
      refusedWith: ['unauthenticated'],
    },
  ];
  for (const role of roles) {
    const refusedWith = refusalOf(route, role);
    const told = refusedWith === undefined ? 'passes' : `is ${refusedWith.join(' or ')}`;
    const title = `${name} by a ${role} ${told}`;
    cases.push({ title, route, bearer: bearerOf(role), refusedWith });
  }
  const staff = row?.staff[0];
  if (staff !== undefined && !row?.own.includes(staff)) {
    cases.push({
      title: `${name} by a ${staff} with one factor is second_factor_required`,
      route,
      bearer: bearerOf(staff, { factors: 1 }),
      refusedWith: ['second_factor_required'],
    });
  }
  const anyone = staff ?? row?.own[0];
  if (anyone !== undefined) {
    cases.push({
      title: `${name} by a ${anyone} whose token has no scope for it is scope_missing`,
      route,
      bearer: bearerOf(anyone, { scope: 'openid' }),
      refusedWith: ['scope_missing'],
    });
  }
  if (anyone !== undefined && row !== undefined) {
    // The staff of another tenant find its own objects, and none of these.
    const { isInstallationWide } = row;
    const told = isInstallationWide ? 'is forbidden' : 'finds what that tenant has';
    cases.push({
      title: `${name} by a ${anyone} of another tenant ${told}`,
      route,
      bearer: bearerOf(anyone, { tenant: 'another' }),
      refusedWith: isInstallationWide ? ['forbidden'] : undefined,
    });
  }
  return cases;
}

// Written from the table, and not by the code that is tried.
function refusalOf({ permission, operation }: Route, role: Role): readonly string[] | undefined {
  const row = Object.hasOwn(permissionTable, permission) ? permissionTable[permission] : undefined;
  if (row === undefined) return ['forbidden'];
  if (row.staff.includes(role) || row.own.includes(role)) return undefined;
  if (!row.granted.includes(role) || staffRoles.has(role)) return ['forbidden'];
  return operation.objects === undefined ? ['forbidden'] : ['object_forbidden'];
}

/** The claims of a provider's token for a case. */
export function claimsOf({ role, factors, scope, tenant }: MatrixBearer) {
  const amr = factors === 2 ? ['pwd', 'otp', 'mfa'] : ['pwd'];
  return { sub: `usr_${randomUUID()}`, roles: [role], amr, scope, tenant };
}

type Node = Readonly<Record<string, unknown>>;

/** Fills the path, what the query requires, and the body with samples. */
export function sampleOf({ method, path, operation }: Route): SampleRequest {
  const { params, query } = operation.schema;
  const values = samplesOf(params);
  const filled = path.replaceAll(/\{([a-z_]+)\*?\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? 'x'),
  );
  const asked = new URLSearchParams(Object.entries(samplesOf(query))).toString();
  const body = operation.example ?? (operation.isBodyOptional === true ? {} : undefined);
  return { method, path: asked === '' ? filled : `${filled}?${asked}`, body };
}

/** A value for every member that is required. */
function samplesOf(schema: unknown): Readonly<Record<string, string>> {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    readonly properties?: Readonly<Record<string, Node>>;
    readonly required?: readonly string[];
  };
  return Object.fromEntries(required.map((name) => [name, valueOf(properties[name] ?? {})]));
}

function valueOf(schema: Node): string {
  const { enum: choices, type, pattern, format, minimum, const: only } = schema;
  if (typeof only === 'string') return only;
  if (Array.isArray(choices)) return String(choices[0]);
  if (type === 'integer' || type === 'number')
    return typeof minimum === 'number' ? String(minimum) : '1';
  if (type === 'boolean') return 'false';
  const prefix = typeof pattern === 'string' ? /^\^([a-z]{3})_/.exec(pattern)?.[1] : undefined;
  if (prefix !== undefined) return `${prefix}_${randomUUID()}`;
  if (format === 'date-time') return '2026-11-23T10:00:00Z';
  if (format === 'date' || format === 'date-time-or-date') return '2026-11-23';
  return 'x';
}
