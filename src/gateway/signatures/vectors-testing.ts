// Owns the keys, messages and signatures of appendix B of RFC 9421, as tests need them: public
// keys, and of private ones those whose signatures are the same each time.
import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from './algorithms.ts';
import type { SignableMessage, SignableRequest } from './components.ts';

// Appendix B.1 of RFC 9421: public keys, and what is needed of private ones.
const spki = (base64: string): KeyObject =>
  createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });

const rsaPss = spki(
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2' +
    '+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+' +
    'oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq' +
    'gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W' +
    'Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4' +
    'aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI' +
    '2wIDAQAB',
);
const eccP256 = spki(
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf' +
    'w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==',
);
const ed25519 = spki('MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=');
export const ed25519Private = createPrivateKey({
  key: Buffer.from('MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF', 'base64'),
  format: 'der',
  type: 'pkcs8',
});
export const shared = createSecretKey(
  Buffer.from(
    'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
    'base64',
  ),
);

const date = 'Tue, 20 Apr 2021 02:07:55 GMT';
export const requestBody = '{"hello": "world"}';
export const requestDigest =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdV' +
  'LvRwEmTHWXvJwew==:';
export const responseBody = '{"message": "good dog"}';
export const responseDigest =
  'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0r' +
  'jJuahq4l5aGgfLQ==:';

export const testRequest: SignableRequest = {
  method: 'POST',
  scheme: 'https',
  authority: 'example.com',
  target: '/foo?param=Value&Pet=dog',
  headers: {
    host: 'example.com',
    date,
    'content-type': 'application/json',
    'content-digest': requestDigest,
    'content-length': '18',
  },
};
export const testResponse: SignableMessage = {
  status: 200,
  headers: {
    date: 'Tue, 20 Apr 2021 02:07:56 GMT',
    'content-type': 'application/json',
    'content-digest': responseDigest,
    'content-length': '23',
  },
};

const clientCert =
  ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBA' +
  'MMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDM' +
  'FkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4' +
  '+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSE' +
  'D2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY2' +
  '9tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r' +
  '5XarmPk0wmuydBVoU4hBVZ1yhk=:';
const proxyRequest: SignableRequest = {
  ...testRequest,
  authority: 'service.internal.example',
  headers: { ...testRequest.headers, host: 'service.internal.example', 'client-cert': clientCert },
};

export interface Vector {
  readonly section: string;
  readonly algorithm: SignatureAlgorithm;
  readonly key: KeyObject;
  readonly message: SignableMessage;
  readonly input: string;
  readonly signature: string;
  readonly base: readonly string[];
}

const pssParameters = ';created=1618884473;keyid="test-key-rsa-pss"';

export const vectors: readonly Vector[] = [
  {
    section: 'B.2.1',
    algorithm: 'rsa-pss-sha512',
    key: rsaPss,
    message: testRequest,
    input: `()${pssParameters};nonce="b3k2pp5k7z-50gnwp.yemd"`,
    signature:
      'd2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it+' +
      '+wgGxbtRxf8U' +
      'dx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rg' +
      'FWhzx2VjBqJz' +
      'sPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP' +
      '5TmcAnLH1g+s' +
      '++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==',
    base: [],
  },
  {
    section: 'B.2.2',
    algorithm: 'rsa-pss-sha512',
    key: rsaPss,
    message: testRequest,
    input:
      '("@authority" "content-digest" "@query-param";name="Pet")' +
      `${pssParameters};tag="header-example"`,
    signature:
      'LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDf' +
      'KtjvuJyE5qH7' +
      'KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEf' +
      'Y17SARYhpTla' +
      'qwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY' +
      '3I5rSV2DSBVk' +
      'SFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==',
    base: [
      '"@authority": example.com',
      `"content-digest": ${requestDigest}`,
      '"@query-param";name="Pet": dog',
    ],
  },
  {
    section: 'B.2.3',
    algorithm: 'rsa-pss-sha512',
    key: rsaPss,
    message: testRequest,
    input:
      '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" ' +
      `"content-length")${pssParameters}`,
    signature:
      'bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeG' +
      't683+qRpRRU5' +
      'p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvK' +
      'iLJH1pFkh/aY' +
      'A2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui' +
      '9eH8LZH896+Q' +
      'IF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==',
    base: [
      `"date": ${date}`,
      '"@method": POST',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@authority": example.com',
      '"content-type": application/json',
      `"content-digest": ${requestDigest}`,
      '"content-length": 18',
    ],
  },
  {
    section: 'B.2.4',
    algorithm: 'ecdsa-p256-sha256',
    key: eccP256,
    message: testResponse,
    input:
      '("@status" "content-type" "content-digest" "content-length")' +
      ';created=1618884473;keyid="test-key-ecc-p256"',
    signature:
      'wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==',
    base: [
      '"@status": 200',
      '"content-type": application/json',
      `"content-digest": ${responseDigest}`,
      '"content-length": 23',
    ],
  },
  {
    section: 'B.2.5',
    algorithm: 'hmac-sha256',
    key: shared,
    message: testRequest,
    input: '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    signature: 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
    base: [`"date": ${date}`, '"@authority": example.com', '"content-type": application/json'],
  },
  {
    section: 'B.2.6',
    algorithm: 'ed25519',
    key: ed25519,
    message: testRequest,
    input:
      '("date" "@method" "@path" "@authority" "content-type" "content-length")' +
      ';created=1618884473;keyid="test-key-ed25519"',
    signature:
      'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
    base: [
      `"date": ${date}`,
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
    ],
  },
  {
    section: 'B.3',
    algorithm: 'ecdsa-p256-sha256',
    key: eccP256,
    message: proxyRequest,
    input:
      '("@path" "@query" "@method" "@authority" "client-cert")' +
      ';created=1618884473;keyid="test-key-ecc-p256"',
    signature:
      'xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==',
    base: [
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@method": POST',
      '"@authority": service.internal.example',
      `"client-cert": ${clientCert}`,
    ],
  },
];
