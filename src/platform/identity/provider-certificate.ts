// Owns what a client's certificate says of itself, and whether that is what was registered (RFC
// 8705 §2.1.2). A name that cannot be read without doubt matches nothing.

import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { CertificateSubject, PresentedCertificate } from './provider-port.ts';

/** Of the connection itself; no header of a proxy is believed. */
export function certificateOf({ socket }: IncomingMessage): PresentedCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && { certificate, isTrusted: socket.authorized };
}

const PREFIX_OF = {
  tls_client_auth_san_dns: 'DNS',
  tls_client_auth_san_uri: 'URI',
  tls_client_auth_san_ip: 'IP Address',
  tls_client_auth_san_email: 'email',
} as const;

export function isIssuedFor(
  certificate: X509Certificate,
  { kind, value }: CertificateSubject,
): boolean {
  if (kind === 'tls_client_auth_subject_dn') {
    const registered = namesOf(value);
    // Node prints one relative name a line, the most general first; RFC 4514 has it the other way.
    const actual = namesOf(certificate.subject.split('\n').toReversed().join(','));
    return registered.length > 0 && registered.join('\n') === actual.join('\n');
  }
  const alternatives = alternativesOf(certificate.subjectAltName ?? '');
  return alternatives.some(
    (each) => each.prefix === PREFIX_OF[kind] && isSame(kind, each.value, value),
  );
}

function isSame(kind: CertificateSubject['kind'], actual: string, registered: string): boolean {
  if (kind !== 'tls_client_auth_san_dns') return actual === registered;
  return actual.toLowerCase() === registered.toLowerCase();
}

/** The relative names of a distinguished name (RFC 4514 §3), types in upper case. */
function namesOf(text: string): string[] {
  const names = text.split(/(?<!\\),/).map((name) => {
    const equals = name.indexOf('=');
    if (equals < 1) return undefined;
    const type = name.slice(0, equals).trim().toUpperCase();
    return `${type}=${name.slice(equals + 1).trim()}`;
  });
  return names.every((name) => name !== undefined) ? names : [];
}

interface Alternative {
  readonly prefix: string;
  readonly value: string;
}

/** "DNS:a.example, URI:https://b"; Node quotes as JSON whatever could be mistaken for a separator. */
function alternativesOf(text: string): Alternative[] {
  const found: Alternative[] = [];
  for (const match of text.matchAll(/([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/g)) {
    const [, prefix = '', written = ''] = match;
    const value: unknown = written.startsWith('"') ? JSON.parse(written) : written;
    if (typeof value === 'string') found.push({ prefix: prefix.trim(), value });
  }
  return found;
}
