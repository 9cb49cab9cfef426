// For reflect-metadata, which the certificates of the test need and which passkeys bring.
import '../index.ts';
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import {
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralNames,
} from '@peculiar/x509';
import { isIssuedFor } from './provider-certificate.ts';
import type { CertificateSubject } from './provider-port.ts';

async function certificateOf(name: string, names?: JsonGeneralNames): Promise<X509Certificate> {
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name,
    keys,
    signingAlgorithm,
    extensions: names === undefined ? [] : [new SubjectAlternativeNameExtension(names)],
  });
  return new X509Certificate(Buffer.from(made.rawData));
}

function matches(
  certificate: X509Certificate,
  kind: 'subject_dn' | 'san_dns' | 'san_uri' | 'san_ip' | 'san_email',
  value: string,
): boolean {
  const subject: CertificateSubject = { kind: `tls_client_auth_${kind}`, value };
  return isIssuedFor(certificate, subject);
}

test('a subject is compared as RFC 4514 writes it, spaces and case of types aside', async () => {
  const certificate = await certificateOf('C=DE, O=Example\\, Ltd, CN=api');
  assert.ok(matches(certificate, 'subject_dn', 'CN=api,O=Example\\, Ltd,C=DE'));
  assert.ok(matches(certificate, 'subject_dn', 'cn=api, o=Example\\, Ltd, c=DE'));
  const wrong = [
    'C=DE,O=Example\\, Ltd,CN=api',
    'CN=api',
    'CN=API,O=Example\\, Ltd,C=DE',
    'CN=api,O=Example, Ltd,C=DE',
    'CN=api,O=Example\\, Ltd,C=DE,CN=admin',
    '',
    'api',
  ];
  for (const value of wrong) assert.ok(!matches(certificate, 'subject_dn', value), value);
});

test('alternative names are compared by their kind', async () => {
  const certificate = await certificateOf('CN=api', [
    { type: 'dns', value: 'api.example' },
    { type: 'url', value: 'https://api.example/a' },
    { type: 'ip', value: '192.0.2.7' },
    { type: 'email', value: 'api@mail.example' },
  ]);
  assert.ok(matches(certificate, 'san_dns', 'API.example'));
  assert.ok(matches(certificate, 'san_uri', 'https://api.example/a'));
  assert.ok(matches(certificate, 'san_ip', '192.0.2.7'));
  assert.ok(matches(certificate, 'san_email', 'api@mail.example'));
  assert.ok(!matches(certificate, 'san_dns', '192.0.2.7'));
  assert.ok(!matches(certificate, 'san_uri', 'https://API.example/a'));
  assert.ok(!matches(certificate, 'san_dns', 'example'));
});

test('a name inside of another is none', async () => {
  const certificate = await certificateOf('CN=x', [
    { type: 'url', value: 'https://x/, DNS:api.example' },
    { type: 'url', value: 'https://x/", DNS:api.example' },
    { type: 'email', value: 'a, DNS:api.example' },
  ]);
  assert.ok(!matches(certificate, 'san_dns', 'api.example'));
});

test('a certificate without names matches nothing', async () => {
  const certificate = await certificateOf('CN=x');
  for (const kind of ['san_dns', 'san_uri', 'san_ip', 'san_email'] as const) {
    assert.ok(!matches(certificate, kind, ''));
  }
});
