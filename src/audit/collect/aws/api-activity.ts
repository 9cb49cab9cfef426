// TABLE  what the calls of Amazon's APIs do, by how their names begin: activity_id of OCSF's API
// Activity. A call that its record marks as reading is a read, whatever its name.

interface Activity {
  readonly id: number;
  readonly name: string;
}

const create: Activity = { id: 1, name: 'Create' };
const read: Activity = { id: 2, name: 'Read' };
const update: Activity = { id: 3, name: 'Update' };
const remove: Activity = { id: 4, name: 'Delete' };
const other: Activity = { id: 99, name: 'Other' };

const beginnings: readonly (readonly [Activity, RegExp])[] = [
  [create, /^(Create|Run|Launch|Allocate|Register|Import|Add|Copy|Issue|Generate|Request|Upload)/],
  [
    remove,
    /^(Delete|Terminate|Remove|Release|Deregister|Revoke|Purge|BatchDelete|Cancel|Untag|Leave)/,
  ],
  [
    read,
    /^(Get|List|Describe|Head|Lookup|Search|Query|Scan|Select|BatchGet|Check|View|Read|Download)/,
  ],
  [
    update,
    /^(Update|Modify|Put|Set|Attach|Detach|Associate|Disassociate|Enable|Disable|Start|Stop|Tag)/,
  ],
  [
    update,
    /^(Change|Reset|Restore|Replace|Reboot|Rotate|Authorize|Grant|Accept|Reject|Apply|Edit|Move)/,
  ],
];

export function activityOf(eventName: string, isRead: boolean): Activity {
  if (isRead) return read;
  return beginnings.find(([, pattern]) => pattern.test(eventName))?.[0] ?? other;
}
