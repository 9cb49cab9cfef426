// TABLE  what is recorded of people, of what they prove and of where they are signed in.

import { defineActions } from '#audit';

export const peopleActions = defineActions({
  'identity.person.create': ['security', 'a person was created', '10.2.1.5'],
  'identity.person.change': ['security', 'roles or status of a person changed', '10.2.1.5'],
  'identity.person.erase': ['security', 'what names a person was destroyed', '10.2.1.5'],
  'identity.person.name': ['security', 'a person chose a login name', '10.2.1.5'],
  'identity.invitation.make': ['security', 'a person was invited, or reset', '10.2.1.5'],
  'identity.invitation.accept': ['security', 'an invitation was accepted', '10.2.1.5'],
  'identity.invitation.withdraw': ['security', 'an invitation was withdrawn', '10.2.1.5'],
  'identity.password.set': ['security', 'a password was set', '10.2.1.5'],
  'identity.factor.add': ['security', 'a second factor was added', '10.2.1.5'],
  'identity.factor.remove': ['security', 'second factors were removed', '10.2.1.5'],
  'identity.recovery_codes.make': ['security', 'new recovery codes were made', '10.2.1.5'],
  'identity.sign_in.try': ['security', 'a password or factor was tried', '10.2.1.4'],
  'identity.session.start': ['security', 'a person signed in to a client', '10.2.1.2'],
  'identity.session.revoke': ['security', 'a session was ended', '10.2.1.2'],
  'identity.tokens.revoke': ['security', 'the tokens of a person were ended', '10.2.1.2'],
});
