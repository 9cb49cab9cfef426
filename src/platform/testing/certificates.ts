// Owns certificates for tests (RFC 5280), made on the spot for whoever is named: P-256 keys, signed
// by themselves or by an authority of the test. Written out in DER, as there is little of it.
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

export interface TestCertificate {
  /** PEM, as the files that an operator gives. */
  readonly certificate: string;
  readonly key: string;
  readonly der: Buffer;
  readonly fingerprint256: string;
}

export interface CertificateNames {
  readonly commonName: string;
  /** DNS names and IPv4 addresses. */
  readonly hosts?: readonly string[];
  /** Minutes from now: negative is over already. */
  readonly validForMin?: number;
}

export interface TestAuthority extends TestCertificate {
  /** A certificate signed by this authority. */
  issue(names: CertificateNames): TestCertificate;
}

interface Signer {
  readonly name: string;
  readonly key: KeyObject;
}

/** A certificate that vouches for itself. */
export function selfSigned(names: CertificateNames): TestCertificate {
  return make(names, { isAuthority: false }).made;
}

export function testAuthority(commonName: string): TestAuthority {
  const { made, key } = make({ commonName }, { isAuthority: true });
  const signer = { name: commonName, key };
  return { ...made, issue: (names) => make(names, { isAuthority: false, signer }).made };
}

const HOUR_MIN = 60;
const MINUTE_MS = 60_000;

function make(
  names: CertificateNames,
  { signer, isAuthority }: { readonly signer?: Signer; readonly isAuthority: boolean },
): { readonly made: TestCertificate; readonly key: KeyObject } {
  const { commonName, validForMin = HOUR_MIN } = names;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const nowMs = Date.now();
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(signer?.name ?? commonName),
    sequence(time(nowMs - 2 * HOUR_MIN * MINUTE_MS), time(nowMs + validForMin * MINUTE_MS)),
    nameOf(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensionsOf(names, isAuthority))),
  );
  const signature = sign('sha256', body, signer?.key ?? privateKey);
  const der = sequence(body, ECDSA_WITH_SHA256, tagged(0x03, Buffer.from([0]), signature));
  const parsed = new X509Certificate(der);
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { fingerprint256 } = parsed;
  return { made: { certificate: parsed.toString(), key, der, fingerprint256 }, key: privateKey };
}

function extensionsOf({ hosts = [] }: CertificateNames, isAuthority: boolean): Buffer[] {
  const constraints = isAuthority ? sequence(tagged(0x01, Buffer.from([0xff]))) : sequence();
  const alternatives = hosts.map((host) =>
    isIP(host) === 4
      ? tagged(0x87, Buffer.from(host.split('.').map(Number)))
      : tagged(0x82, Buffer.from(host)),
  );
  const both = [sequence(oid('551d13'), tagged(0x04, constraints))];
  if (hosts.length > 0) both.push(sequence(oid('551d11'), tagged(0x04, sequence(...alternatives))));
  return both;
}

function nameOf(commonName: string): Buffer {
  const value = tagged(0x0c, Buffer.from(commonName));
  return sequence(tagged(0x31, sequence(oid('550403'), value)));
}

/** GeneralizedTime in UTC. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  return tagged(0x18, Buffer.from(`${digits}Z`));
}

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), content]);
}
