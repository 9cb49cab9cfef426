// TABLE  the ready pieces that events of flow lines are put together from, and the words that flow
// lines are compared with.

import { pieceOf, type Piece } from '../byte-writer.ts';
import { OCSF_VERSION } from '../event.ts';
import { boundaryIds, protocolNames } from './flow-fields.ts';

export const PROTOCOL_MAX = 255;

export const words = {
  accept: pieceOf('ACCEPT'),
  reject: pieceOf('REJECT'),
  ok: pieceOf('OK'),
  noData: pieceOf('NODATA'),
  skipData: pieceOf('SKIPDATA'),
  ingress: pieceOf('ingress'),
  egress: pieceOf('egress'),
  ipv4: pieceOf('IPv4'),
  ipv6: pieceOf('IPv6'),
  unknown: pieceOf('unknown'),
};

/** What ACCEPT, REJECT and neither become; the head stands before all other members. */
export interface Verdict {
  readonly head: Piece;
  readonly statusId: Piece;
  readonly typeUid: Piece;
  readonly action: string | undefined;
}

function verdictOf(
  activityId: number,
  activity: string,
  given: { readonly action?: string; readonly actionId?: number; readonly statusId: number },
): Verdict {
  const { action, actionId, statusId } = given;
  const allowed = action === undefined ? '' : `"action":"${action}","action_id":${actionId},`;
  const head =
    `{${allowed}"activity_id":${activityId},"activity_name":"${activity}",` +
    '"category_uid":4,"class_uid":4001,';
  return {
    head: pieceOf(head),
    statusId: pieceOf(`"status_id":${statusId},"time":`),
    typeUid: pieceOf(`"type_uid":${400_100 + activityId},"unmapped":{`),
    action,
  };
}

export const verdicts = {
  accept: verdictOf(6, 'Traffic', { action: 'Allowed', actionId: 1, statusId: 1 }),
  reject: verdictOf(5, 'Refuse', { action: 'Denied', actionId: 2, statusId: 2 }),
  none: verdictOf(6, 'Traffic', { statusId: 0 }),
  noFlow: verdictOf(0, 'Unknown', { statusId: 0 }),
};

export const directions = {
  unknown: { connection: pieceOf('"direction_id":0'), point: pieceOf('') },
  ingress: {
    connection: pieceOf('"direction_id":1'),
    point: pieceOf('"observation_point_id":2,'),
  },
  egress: {
    connection: pieceOf('"direction_id":2'),
    point: pieceOf('"observation_point_id":1,'),
  },
};

export const protocolPieces = new Map(
  Array.from({ length: PROTOCOL_MAX + 1 }, (_, number) => {
    const name = protocolNames[number];
    const named = name === undefined ? '' : `,"protocol_name":"${name}"`;
    return [number, pieceOf(`${named},"protocol_num":${number}`)] as const;
  }),
);

export const boundaryPieces = new Map(
  Object.entries(boundaryIds).map(([path, id]) => [Number(path), pieceOf(`"boundary_id":${id},`)]),
);

export const pieces = {
  connection: pieceOf('"connection_info":{'),
  ipv4: pieceOf(',"protocol_ver_id":4'),
  ipv6: pieceOf(',"protocol_ver_id":6'),
  tcpFlags: pieceOf(',"tcp_flags":'),
  endOfObject: pieceOf('},'),
  endOfList: pieceOf('],'),
  end: pieceOf('}}'),
  destination: pieceOf('"dst_endpoint":{'),
  source: pieceOf('"src_endpoint":{'),
  instance: pieceOf('"instance_uid":'),
  interface: pieceOf('"interface_uid":'),
  intermediate: pieceOf('"intermediate_ips":["'),
  endOfIntermediate: pieceOf('"]'),
  port: pieceOf('"port":'),
  subnet: pieceOf('"subnet_uid":'),
  serviceName: pieceOf('"svc_name":'),
  vpc: pieceOf('"vpc_uid":'),
  comma: pieceOf(','),
  /** Makes milliseconds of seconds. */
  thousandth: pieceOf('000,'),
  endTime: pieceOf('"end_time":'),
  startTime: pieceOf('"start_time":'),
  enrichments: pieceOf('"enrichments":['),
  isAlert: pieceOf('"is_alert":true,'),
  logVersion: pieceOf('"log_version":"'),
  quoteComma: pieceOf('",'),
  originalUid: pieceOf('"original_event_uid":'),
  afterUid: pieceOf(`","version":"${OCSF_VERSION}"},`),
  severities: [0, 1, 2, 3].map((id) => pieceOf(`"severity_id":${id},`)),
  statusCode: pieceOf('"status_code":'),
  statusDetail: pieceOf('"status_detail":'),
  trafficBytes: pieceOf('"traffic":{"bytes":'),
  trafficPackets: pieceOf('"traffic":{"packets":'),
  packets: pieceOf(',"packets":'),
  raw: pieceOf('"raw":{'),
  index: pieceOf('"index":'),
  item: pieceOf('"item":'),
};
