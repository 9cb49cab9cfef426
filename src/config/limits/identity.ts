// Limits of people, clients and tokens.

import { limit, type LimitTable } from '../limit.ts';

export const identityLimits = {
  secretAgeMaxDays: limit(90, 'days', 'how old a stored secret may be before the doctor says so'),
  identityAccessTokenS: limit(300, 's', 'life of an access token'),
  identityAuthorizationCodeS: limit(
    60,
    's',
    'life of an authorization code (FAPI 2.0 Security Profile 5.3.2.1 no. 12)',
  ),
  identityIdTokenS: limit(300, 's', 'life of an ID token'),
  identityRefreshTokenS: limit(2_592_000, 's', 'life of a refresh token that is not used'),
  identityGrantS: limit(
    7_776_000,
    's',
    'after which a person must let a client act for them anew, whatever they allowed',
  ),
  identityInteractionS: limit(900, 's', 'for a person to sign in and consent'),
  identityBrowserSessionS: limit(28_800, 's', 'after which a browser must sign in again'),
  identityAssertionS: limit(900, 's', 'longest life of an assertion a client authenticates with'),
  identitySigningKeyAgeS: limit(
    7_776_000,
    's',
    'age at which a signing key of the provider gets a successor',
  ),
  identitySigningKeyAnnouncedS: limit(
    3_600,
    's',
    'for which a signing key is published before it signs, so that everybody has it by then',
  ),
  identitySigningKeyKeptS: limit(
    86_400,
    's',
    'for which a signing key is published after it has signed; longer than any token lives',
  ),
  identitySigningKeysFreshMs: limit(
    2_000,
    'ms',
    'how old what a process knows of the signing keys may be when it signs',
  ),
  identityArtifactBytesMax: limit(
    65_536,
    'bytes',
    'of what the provider remembers of one session, request or token',
  ),
  identitySweepRows: limit(
    1_000,
    'rows',
    'of what is over in the identity tables, removed in one transaction',
  ),
  identityClientSecretOverlapS: limit(
    86_400,
    's',
    'for which the old secret of a client is good beside its new one, unless it is told otherwise',
  ),
  tokensKeptMax: limit(
    10_000,
    'tokens',
    'access tokens whose signature is remembered as checked, about 2 KiB each',
  ),
  tokenClockSkewMaxMs: limit(
    10_000,
    'ms',
    'by which the clock of whoever made a token or a proof may differ (FAPI 2.0 5.3.2.1)',
  ),
  tokenProofAgeMaxMs: limit(60_000, 'ms', 'how old a DPoP proof may be (RFC 9449 11.1)'),
  passwordHashesAtOnceMax: limit(
    2,
    'passwords',
    'passwords hashed at once, each in 128 MiB; others wait for their turn',
  ),
  passwordHashesWaitingMax: limit(
    64,
    'passwords',
    'passwords that wait to be hashed; more are refused as overloaded',
  ),
  passwordCharactersMin: limit(12, 'characters', 'the shortest password'),
  passwordCharactersMax: limit(256, 'characters', 'the longest password'),
  invitationFirstMs: limit(
    86_400_000,
    'ms',
    'how long the invitation of the first administrator, or a reset, can be accepted',
  ),
  invitationMs: limit(604_800_000, 'ms', 'how long any other invitation can be accepted'),
  signInMs: limit(900_000, 'ms', 'within which a sign-in, or an invitation, must be completed'),
  deviceKnownMs: limit(
    15_552_000_000,
    'ms',
    'how long a browser that someone signed in with is remembered',
  ),
} as const satisfies LimitTable;
