// Owns the two forms of what is known of a subject: the fields that a verb gives, and what the leaf
// says in their stead.

/** Fields of one subject: a person, or an account that stands for one. */
export interface Sensitive {
  /** A pseudonymous id (acc_…, cus_…). All that is sealed under it is erased together. */
  readonly subject: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What the leaf says of sensitive fields. Member order is canonical. */
export interface Sealed {
  /** base64 of nonce (12 bytes), ciphertext and tag (16) of AES-256-GCM. */
  readonly ciphertext: string;
  /** base64 of SHA-256(salt || canonical fields). */
  readonly commitment: string;
  readonly subject: string;
}
