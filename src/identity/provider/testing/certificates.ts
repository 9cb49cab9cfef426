// Certificates for tests: an authority, what it issues, and what others sign themselves; and
// requests over TLS that present one.

// For reflect-metadata, which the certificates need and which passkeys bring.
import '#platform';
import { request } from 'node:https';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralNames,
  type X509Certificate,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

export interface Certified {
  readonly certificate: X509Certificate;
  readonly pem: string;
  readonly keyPem: string;
  readonly keys: Awaited<ReturnType<typeof newKeys>>;
}

async function newKeys() {
  return await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

export interface Wanted {
  readonly subject: string;
  readonly names?: JsonGeneralNames;
  /** Signs itself unless given. */
  readonly issuer?: Certified;
  readonly isAuthority?: boolean;
}

export async function certify(wanted: Wanted): Promise<Certified> {
  const { subject, names, issuer, isAuthority = false } = wanted;
  const keys = await newKeys();
  const serial = crypto.getRandomValues(new Uint8Array(8));
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `0${Buffer.from(serial).toString('hex').slice(1)}`,
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: issuer?.keys.privateKey ?? keys.privateKey,
    extensions: [
      new BasicConstraintsExtension(isAuthority, undefined, true),
      ...(names === undefined ? [] : [new SubjectAlternativeNameExtension(names)]),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate,
    pem: certificate.toString('pem'),
    keyPem: PemConverter.encode(key, 'PRIVATE KEY'),
    keys,
  };
}

/** fetch, with this certificate and trust in that authority. */
export function fetchAs(
  certified: Certified | undefined,
  authority: Certified,
): (url: string, options: RequestInit) => Promise<Response> {
  const identity = certified === undefined ? {} : { cert: certified.pem, key: certified.keyPem };
  return async (url, options) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const headers = Object.fromEntries(new Headers(options.headers).entries());
    const sent = request(
      url,
      { ...identity, ca: authority.pem, method: options.method ?? 'GET', headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          const entries = Object.entries(answer.headers).flatMap(([name, value]) =>
            [value ?? []].flat().map((each): [string, string] => [name, each]),
          );
          resolve(new Response(Buffer.concat(chunks), { status, headers: entries }));
        });
      },
    );
    sent.on('error', reject);
    const { body } = options;
    sent.end(body instanceof URLSearchParams ? body.toString() : body);
    return await promise;
  };
}
