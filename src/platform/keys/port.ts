// Owns what a context may ask of whoever keeps the keys: to sign, and to wrap small secrets. A key
// itself is never given out, so that a hardware module or KMS can stand behind this as well.

/** Signs and wraps by name. Names are kebab-case; a key is made when its name is first used. */
export interface Keys {
  /** The public half of a signing key: Ed25519 (RFC 8032), 32 bytes. */
  publicKey(name: string): Promise<Buffer>;

  /** The Ed25519 signature of the message, 64 bytes. */
  sign(name: string, message: Buffer): Promise<Buffer>;

  /**
   * Encrypts up to 4 KiB under the installation's key (AES-256-GCM). `context` is authenticated: to
   * unwrap, it must be named again.
   */
  wrap(secret: Buffer, context: string): Promise<Buffer>;

  /** Throws Fault 'key_mismatch' when it was not wrapped here, or not in this context. */
  unwrap(wrapped: Buffer, context: string): Promise<Buffer>;
}
