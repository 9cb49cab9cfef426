// TABLE  what a token can be limited to. What each scope lets its bearer do is the gateway's.

export const apiScopes = [
  'accounts.read',
  'accounts.write',
  'payments.write',
  'audit.read',
  'admin',
] as const;

const scopes: ReadonlySet<string> = new Set([...apiScopes, 'openid', 'offline_access']);

export function isScope(text: string): boolean {
  return scopes.has(text);
}
