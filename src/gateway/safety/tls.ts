// Owns TLS of the server (BCP 195, RFC 9325): modern versions and suites only, certificates that
// are renewed without a restart, and the certificate that a client shows. What the operator gave is
// judged as a whole: a certificate without its key changes nothing.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions, Server as TlsServer, TlsOptions } from 'node:tls';
import { Fault } from '#kernel';
import type { Logger, Metrics } from '#platform';

export interface TlsSettings {
  /** PEM files: the certificate with its chain, and its key. Both or neither. */
  readonly tlsCertificateFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  /** PEM file of the authorities whose client certificates count as verified. */
  readonly tlsClientAuthorityFile: string | undefined;
  /** Whether clients are asked for a certificate; they need not show one. */
  readonly tlsClientCertificates: 'off' | 'asked';
}

export interface Tls {
  /** For `createServer` of node:https. */
  readonly options: TlsOptions;
  /** From now on a renewed certificate is used for new connections; answers how to stop. */
  attach(server: TlsServer, every?: { readonly everyMs: number }): () => void;
}

export interface TlsPremises {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

// Of TLS 1.2 only what has forward secrecy and authenticated encryption (RFC 9325 §4.2); all of
// TLS 1.3 has.
const SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

const HANDSHAKE_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 10_000;

/** Undefined where no certificate is given; a Fault with one sentence where it cannot be used. */
export async function tlsOptionsOf(
  settings: TlsSettings,
  premises: TlsPremises,
): Promise<Tls | undefined> {
  const { tlsCertificateFile: certificate, tlsKeyFile: key } = settings;
  const authority = settings.tlsClientAuthorityFile;
  if (certificate === undefined && key === undefined) {
    if (authority === undefined && settings.tlsClientCertificates === 'off') return undefined;
    throw unusable('clients are asked for certificates, but the server has none of its own');
  }
  if (certificate === undefined || key === undefined) {
    throw unusable('a certificate and its key belong together, and only one of them is given');
  }
  const isAsked = authority !== undefined || settings.tlsClientCertificates === 'asked';
  const files = { certificate, key, authority };
  const first = await load(files);
  const reloading = new Reloading(files, first, premises);
  const options: TlsOptions = {
    ...first.context,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ALPNProtocols: ['http/1.1'],
    requestCert: isAsked,
    // A certificate that vouches for itself is compared with the one its client registered
    // (RFC 8705 §2.2), so it must come in; whoever relies on an authority asks `isVerified`.
    rejectUnauthorized: false,
  };
  return {
    options,
    attach: (server, { everyMs } = { everyMs: LOOK_EVERY_MS }) => reloading.watch(server, everyMs),
  };
}

interface Files {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string | undefined;
}

interface Loaded {
  readonly context: SecureContextOptions;
  /** All that was read, to see a change. */
  readonly text: string;
  readonly expiresMs: number;
}

async function load({ certificate, key, authority }: Files): Promise<Loaded> {
  const [cert, privateKey, ca] = await Promise.all([
    readPem(certificate),
    readPem(key),
    authority === undefined ? undefined : readPem(authority),
  ]);
  const leaf = parse('certificate', certificate, () => new X509Certificate(cert));
  const signer = parse('private key', key, () => createPrivateKey(privateKey));
  if (!leaf.checkPrivateKey(signer)) {
    throw unusable(`the key in ${key} is not that of the certificate in ${certificate}`);
  }
  const context: SecureContextOptions = {
    cert,
    key: privateKey,
    minVersion: 'TLSv1.2',
    ciphers: SUITES,
    honorCipherOrder: true,
    ...(ca === undefined ? {} : { ca }),
  };
  parse('certificate', authority ?? certificate, () => createSecureContext(context));
  const text = [cert, privateKey, ca ?? ''].join('\n');
  return { context, text, expiresMs: Date.parse(leaf.validTo) };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw unusable(`the file ${file} cannot be read`, cause);
  }
}

function parse<Parsed>(what: string, file: string, read: () => Parsed): Parsed {
  try {
    return read();
  } catch (cause) {
    throw unusable(`${file} holds no ${what} in PEM that can be used`, cause);
  }
}

function unusable(why: string, cause?: unknown): Fault {
  const message = `TLS cannot be used: ${why}.`;
  return new Fault('tls_unusable', { retryable: false, message, cause });
}

// Files are read again and compared: whoever renews them may replace a folder or a link, of which
// the system's notices tell nothing.
class Reloading {
  readonly #files: Files;
  readonly #logger: Logger;
  #loaded: Loaded;
  #complaint = '';

  constructor(files: Files, first: Loaded, { logger, metrics }: TlsPremises) {
    this.#files = files;
    this.#loaded = first;
    this.#logger = logger;
    metrics.gauge(
      {
        name: 'florin_tls_certificate_expiry_seconds',
        help: 'When the certificate in use ends, in seconds since 1970.',
      },
      () => this.#loaded.expiresMs / 1_000,
    );
  }

  watch(server: TlsServer, everyMs: number): () => void {
    let timer: NodeJS.Timeout | undefined;
    let isStopped = false;
    const again = (): void => {
      if (isStopped) return;
      timer = setTimeout(() => {
        void this.#look(server).then(again);
      }, everyMs);
      timer.unref();
    };
    again();
    return () => {
      isStopped = true;
      clearTimeout(timer);
    };
  }

  async #look(server: TlsServer): Promise<void> {
    try {
      const loaded = await load(this.#files);
      this.#complaint = '';
      if (loaded.text === this.#loaded.text) return;
      server.setSecureContext(loaded.context);
      this.#loaded = loaded;
      this.#logger.info('the certificate was renewed', { file: this.#files.certificate });
    } catch (error) {
      // Between two files that belong together there is a moment when they do not.
      const complaint = error instanceof Error ? error.message : String(error);
      if (complaint !== this.#complaint) {
        this.#logger.error('the certificate could not be renewed; the old one stays', { error });
      }
      this.#complaint = complaint;
    }
  }
}
