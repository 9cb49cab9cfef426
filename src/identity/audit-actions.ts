// TABLE  what is recorded of clients, of the provider's keys and of the tokens it gives out.

import { defineActions } from '#audit';

export const providerActions = defineActions({
  'identity.client.add': ['security', 'a client was registered', '10.2.1.5'],
  'identity.client.rotate': ['security', 'keys or secret of a client were replaced', '10.2.1.5'],
  'identity.client.disable': ['security', 'a client was disabled, its tokens ended', '10.2.1.5'],
  'identity.signing_key.add': ['books', 'a signing key was published', '10.2.1.5'],
  'identity.signing_key.withdraw': ['books', 'a signing key was withdrawn at once', '10.2.1.5'],
  'identity.token.issue': ['security', 'an access token was issued', '10.2.1.5'],
  'identity.local_token.issue': ['security', 'a token for the command line', '10.2.1.5'],
  'identity.token.refuse': ['security', 'the provider refused a request', '10.2.1.4'],
  'identity.grant.give': ['security', 'a person let a client act for them', '10.2.1.5'],
  'identity.grant.end': ['security', 'a grant and all its tokens were ended', '10.2.1.5'],
});
