// TABLE  the fields of VPC Flow Logs by the version that brought them, in the order of Amazon's
// documentation ("Flow log records" and "Transit Gateway Flow Log records"); version 6 brought
// those of transit gateways. The newest documented version is 11.

const fieldsByVersion = {
  2: [
    'version',
    'account-id',
    'interface-id',
    'srcaddr',
    'dstaddr',
    'srcport',
    'dstport',
    'protocol',
    'packets',
    'bytes',
    'start',
    'end',
    'action',
    'log-status',
  ],
  3: ['vpc-id', 'subnet-id', 'instance-id', 'tcp-flags', 'type', 'pkt-srcaddr', 'pkt-dstaddr'],
  4: ['region', 'az-id', 'sublocation-type', 'sublocation-id'],
  5: ['pkt-src-aws-service', 'pkt-dst-aws-service', 'flow-direction', 'traffic-path'],
  7: [
    'ecs-cluster-arn',
    'ecs-cluster-name',
    'ecs-container-instance-arn',
    'ecs-container-instance-id',
    'ecs-container-id',
    'ecs-second-container-id',
    'ecs-service-name',
    'ecs-task-definition-arn',
    'ecs-task-arn',
    'ecs-task-id',
  ],
  8: ['reject-reason'],
  9: ['resource-id'],
  10: ['encryption-status'],
  11: [
    'instance-tag',
    'instance-tag-2',
    'interface-tag',
    'interface-tag-2',
    'asg-tag',
    'asg-tag-2',
    'interface-type',
    'next-hop-interface-id',
    'next-hop-subnet-id',
    'next-hop-az-id',
    'next-hop-vpc-id',
    'next-hop-interface-type',
  ],
} as const;

/** The default format of a transit gateway. */
export const transitGatewayFields: readonly string[] = [
  'version',
  'resource-type',
  'account-id',
  'tgw-id',
  'tgw-attachment-id',
  'tgw-src-vpc-account-id',
  'tgw-dst-vpc-account-id',
  'tgw-src-vpc-id',
  'tgw-dst-vpc-id',
  'tgw-src-subnet-id',
  'tgw-dst-subnet-id',
  'tgw-src-eni',
  'tgw-dst-eni',
  'tgw-src-az-id',
  'tgw-dst-az-id',
  'tgw-pair-attachment-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'log-status',
  'type',
  'packets-lost-no-route',
  'packets-lost-blackhole',
  'packets-lost-mtu-exceeded',
  'packets-lost-ttl-expired',
  'tcp-flags',
  'region',
  'flow-direction',
  'pkt-src-aws-service',
  'pkt-dst-aws-service',
];

export const FLOW_VERSION_MAX = 11;
const TRANSIT_GATEWAY_VERSION = 6;

/** Every field up to a version, in the table's order; undefined for a version that is not known. */
export function fieldsOfVersion(version: number): readonly string[] | undefined {
  if (version === TRANSIT_GATEWAY_VERSION) return transitGatewayFields;
  if (!Object.hasOwn(fieldsByVersion, version)) return undefined;
  return Object.entries(fieldsByVersion)
    .filter(([number]) => Number(number) <= version)
    .flatMap(([, names]) => [...names]);
}

export const knownFlowFields: ReadonlySet<string> = new Set([
  ...(fieldsOfVersion(FLOW_VERSION_MAX) ?? []),
  ...transitGatewayFields,
]);

/** IANA protocol numbers that have a name worth showing. */
export const protocolNames: Readonly<Record<string, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipv4',
  6: 'tcp',
  17: 'udp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  88: 'eigrp',
  89: 'ospfigp',
  103: 'pim',
  112: 'vrrp',
  132: 'sctp',
};

/** boundary_id of OCSF, by traffic-path. */
export const boundaryIds: Readonly<Record<string, number>> = {
  1: 4,
  2: 5,
  3: 6,
  4: 7,
  5: 8,
  6: 9,
  7: 10,
  8: 11,
};
