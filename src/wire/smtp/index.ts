export { formatReply, type Reply, reply } from './reply.ts'
