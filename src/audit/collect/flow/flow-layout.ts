// Owns where a flow line has what its event needs: the places of the fields, looked up once for
// each format instead of once for each line. A field that the format lacks stands at -1.

import { pieceOf, type Piece } from '../byte-writer.ts';
import type { FlowFormat } from './flow-format.ts';

/** A field kept under its own name: its member as JSON, up to the colon. */
export interface OwnField {
  readonly name: string;
  readonly key: Piece;
  readonly at: number;
}

/** Fields that have an attribute of OCSF for certain. */
const mapped = new Set([
  'version',
  'account-id',
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
  'tcp-flags',
  'type',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'region',
  'az-id',
  'pkt-src-aws-service',
  'pkt-dst-aws-service',
  'flow-direction',
  'traffic-path',
  'reject-reason',
]);

/** Fields of the interface that saw the flow: of an endpoint, where the direction says of which. */
const ofInterface = new Set(['interface-id', 'vpc-id', 'subnet-id', 'instance-id']);

export class FlowLayout {
  readonly version: number;
  readonly account: number;
  readonly interfaceId: number;
  readonly vpc: number;
  readonly subnet: number;
  readonly instance: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly packets: number;
  readonly bytes: number;
  readonly start: number;
  readonly end: number;
  readonly action: number;
  readonly status: number;
  readonly tcpFlags: number;
  readonly type: number;
  readonly packetSource: number;
  readonly packetDestination: number;
  readonly region: number;
  readonly zone: number;
  readonly sourceName: number;
  readonly destinationName: number;
  readonly direction: number;
  readonly path: number;
  readonly rejectReason: number;
  /** Fields kept under their own names, before and after the member "raw", by name. */
  readonly beforeRaw: readonly OwnField[];
  readonly afterRaw: readonly OwnField[];

  constructor({ names, at }: FlowFormat) {
    const place = (name: string): number => at.get(name) ?? -1;
    this.version = place('version');
    this.account = place('account-id');
    this.interfaceId = place('interface-id');
    this.vpc = place('vpc-id');
    this.subnet = place('subnet-id');
    this.instance = place('instance-id');
    this.source = place('srcaddr');
    this.destination = place('dstaddr');
    this.sourcePort = place('srcport');
    this.destinationPort = place('dstport');
    this.protocol = place('protocol');
    this.packets = place('packets');
    this.bytes = place('bytes');
    this.start = place('start');
    this.end = place('end');
    this.action = place('action');
    this.status = place('log-status');
    this.tcpFlags = place('tcp-flags');
    this.type = place('type');
    this.packetSource = place('pkt-srcaddr');
    this.packetDestination = place('pkt-dstaddr');
    this.region = place('region');
    this.zone = place('az-id');
    this.sourceName = place('pkt-src-aws-service');
    this.destinationName = place('pkt-dst-aws-service');
    this.direction = place('flow-direction');
    this.path = place('traffic-path');
    this.rejectReason = place('reject-reason');
    const own = names
      .filter((name) => !mapped.has(name))
      .toSorted()
      .map((name) => ({ name, key: pieceOf(`"${name}":`), at: place(name) }));
    this.beforeRaw = own.filter(({ name }) => name < 'raw');
    this.afterRaw = own.filter(({ name }) => name > 'raw');
  }
}

export function isOfInterface(name: string): boolean {
  return ofInterface.has(name);
}
