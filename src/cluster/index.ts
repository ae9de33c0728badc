/**
 * Nodes and how they reach each other: keys and certificates, join codes and the handshake by which a node is
 * let in, the nats-server beside this node (started, watched and stopped here), links (publish, request, beats,
 * TLS connections to peers), the TLS of the web port, the certificate that people's programs see, and the log stream.
 *
 * Promises: one node alone needs no nats-server and gets silence; nothing waits for a quorum; what comes from a
 * node that is not an active member is not heard; a newcomer is in the cluster wholly or not at all, whenever
 * the power fails.
 * Does not: know mail or the directory. Who is a member is told it (`setMembers`); publishing is not kept for
 * those that are away. The only room that imports @nats-io/*.
 */
export { Acme, AcmeFailed, type AcmeWish, LETS_ENCRYPT } from './acme.ts'
export { fingerprint, type KeyPair, nodeName } from './certificates.ts'
export { Cluster, type ClusterOptions, type Joined, openCluster } from './cluster.ts'
export type { Invitation, Invited } from './invite.ts'
export { type JoinAnswer, JoinFailed, type JoinFailure } from './join.ts'
export { formatJoinCode, type JoinCode, parseJoinCode } from './join-code.ts'
export { type AboutCertificate, CertificateRefused, PublicCertificate } from './public-certificate.ts'
export type { LogBatch, LogRecord, LogStream } from './streams.ts'
export { type Beat, type Links, type Member, type PeerState, Unreachable } from './types.ts'
export type { WebTls } from './web-tls.ts'
