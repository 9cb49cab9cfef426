import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { ConnectionOptions, PeerCertificate, TLSSocket } from 'node:tls';
import { Fault } from '#kernel';
import { openLogger, openMetrics } from '#platform';
import { selfSigned, testAuthority } from '../../platform/testing/certificates.ts';
import type { TestCertificate } from '../../platform/testing/certificates.ts';
import { openPeers } from './peer.ts';
import { tlsOptionsOf } from './tls.ts';
import type { Tls, TlsSettings } from './tls.ts';

const authority = testAuthority('Test CA');
const names = { commonName: 'bank.example', hosts: ['localhost', '127.0.0.1'] };
const closing: (() => void)[] = [];
let folder = '';

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'florin-tls-'));
});
after(async () => {
  for (const close of closing) close();
  await rm(folder, { recursive: true });
});

const nothing: TlsSettings = {
  tlsCertificateFile: undefined,
  tlsKeyFile: undefined,
  tlsClientAuthorityFile: undefined,
  tlsClientCertificates: 'off',
};

/** Whole at once: who looks meanwhile finds the old text or the new. */
async function write(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
  return file;
}

async function filesOf(name: string, own: TestCertificate): Promise<TlsSettings> {
  const tlsCertificateFile = await write(`${name}.pem`, own.certificate);
  const tlsKeyFile = await write(`${name}.key`, own.key);
  return { ...nothing, tlsCertificateFile, tlsKeyFile };
}

const lines: string[] = [];

async function open(settings: TlsSettings): Promise<Tls> {
  const logger = openLogger({ level: 'info', write: (line) => lines.push(line) });
  const tls = await tlsOptionsOf(settings, {
    logger,
    metrics: openMetrics({ isProcessMeasured: false }),
  });
  assert.ok(tls !== undefined);
  return tls;
}

async function serve(tls: Tls): Promise<{ server: Server; port: number }> {
  const server = createServer(tls.options, (request, response) => {
    const peer = openPeers([]).of(request);
    const { isSecure, isCertificateVerified, certificate } = peer;
    const length = certificate?.length ?? 0;
    response.end(JSON.stringify({ isSecure, isCertificateVerified, length }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** What a handshake comes to: the suite and certificate, or why there is none. */
function handshake(
  port: number,
  options: ConnectionOptions = {},
): Promise<{ version: string; suite: string; certificate: PeerCertificate } | string> {
  return new Promise((resolve) => {
    const { certificate: ca } = authority;
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca, ...options }, () => {
      const certificate = socket.getPeerCertificate();
      resolve({
        version: socket.getProtocol() ?? '',
        suite: socket.getCipher().standardName,
        certificate,
      });
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function ask(port: number, options: ConnectionOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { certificate: ca } = authority;
    const settings = { port, host: '127.0.0.1', ca, agent: false, ...options };
    get(settings, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve(JSON.parse(text)));
    }).on('error', reject);
  });
}

test('TLS 1.3 and 1.2 are spoken, with forward secrecy and authenticated encryption only', async () => {
  const { port } = await serve(await open(await filesOf('modern', authority.issue(names))));
  const modern = await handshake(port);
  assert.ok(typeof modern !== 'string');
  assert.equal(modern.version, 'TLSv1.3');
  const older = await handshake(port, { maxVersion: 'TLSv1.2' });
  assert.ok(typeof older !== 'string');
  assert.match(older.suite, /^TLS_ECDHE_ECDSA_WITH_(AES_\d+_GCM|CHACHA20_POLY1305)_SHA\d+$/);
});

test('older versions and weaker suites are refused', async () => {
  const { port } = await serve(await open(await filesOf('strict', authority.issue(names))));
  const weak: ConnectionOptions[] = [
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:@SECLEVEL=0' },
  ];
  for (const options of weak) {
    const outcome = await handshake(port, options);
    assert.equal(typeof outcome, 'string', JSON.stringify([options, outcome]));
  }
});

test('a renewed certificate is used without a restart, a broken one never', async () => {
  const settings = await filesOf('renewed', authority.issue(names));
  const tls = await open(settings);
  const { server, port } = await serve(tls);
  closing.push(tls.attach(server, { everyMs: 20 }));
  const before = await handshake(port);
  const complaints = (): number =>
    lines.filter((line) => line.includes('could not be renewed')).length;
  await write('renewed.key', 'not a key');
  for (let tries = 0; complaints() === 0 && tries < 500; tries += 1) await sleep(20);
  const during = await handshake(port);
  const renewed = authority.issue({ ...names, commonName: 'renewed.example' });
  await write('renewed.pem', renewed.certificate);
  await write('renewed.key', renewed.key);
  let now = await handshake(port);
  for (let tries = 0; tries < 500; tries += 1) {
    now = await handshake(port);
    if (typeof now !== 'string' && now.certificate.fingerprint256 === renewed.fingerprint256) break;
    await sleep(20);
  }
  assert.ok(typeof before !== 'string' && typeof during !== 'string' && typeof now !== 'string');
  assert.equal(during.certificate.fingerprint256, before.certificate.fingerprint256);
  assert.equal(now.certificate.fingerprint256, renewed.fingerprint256);
  assert.ok(complaints() > 0 && complaints() < 4, 'each fault is told of once');
});

test('a client that is asked for a certificate may show any, verified or not, or none', async () => {
  const settings = await filesOf('mutual', authority.issue(names));
  const clientCa = testAuthority('Client CA');
  const file = await write('clients.pem', clientCa.certificate);
  const { port } = await serve(await open({ ...settings, tlsClientAuthorityFile: file }));
  const known = clientCa.issue({ commonName: 'partner' });
  const stranger = selfSigned({ commonName: 'stranger' });
  const shown = (own: TestCertificate) => ask(port, { cert: own.certificate, key: own.key });
  assert.deepEqual(await ask(port, {}), {
    isSecure: true,
    isCertificateVerified: false,
    length: 0,
  });
  assert.deepEqual(await shown(known), {
    isSecure: true,
    isCertificateVerified: true,
    length: known.der.length,
  });
  assert.deepEqual(await shown(stranger), {
    isSecure: true,
    isCertificateVerified: false,
    length: stranger.der.length,
  });
});

test('settings that cannot work stop the start with one sentence', async () => {
  const good = await filesOf('good', authority.issue(names));
  const other = await filesOf('other', authority.issue(names));
  const text = await write('text.pem', 'no certificate');
  const bad: TlsSettings[] = [
    { ...good, tlsKeyFile: undefined },
    { ...good, tlsCertificateFile: undefined },
    { ...good, tlsKeyFile: other.tlsKeyFile },
    { ...good, tlsCertificateFile: text },
    { ...good, tlsKeyFile: text },
    { ...good, tlsKeyFile: path.join(folder, 'absent') },
    { ...nothing, tlsClientCertificates: 'asked' },
  ];
  for (const settings of bad) {
    await assert.rejects(open(settings), (error) => {
      assert.ok(error instanceof Fault);
      assert.equal(error.code, 'tls_unusable');
      assert.match(error.message, /^TLS cannot be used: [^\n]+\.$/);
      return true;
    });
  }
});
