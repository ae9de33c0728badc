/**
 * JMAP: mail in the browser, and for everybody's programs. RFC 8620 and RFC 8621, and what is around them.
 *
 *   routes.ts   over HTTP      socket.ts   over a WebSocket      events.ts   pushes by EventSource
 *   guest.ts    who asks       turns.ts    how many at a time
 *   api.ts      one request, call by call      methods.ts   which method is where
 *   standard-*.ts   what all kinds of records have in common, method by method      filter.ts   and what they are looked for by
 */
export { addJmap } from './routes.ts'
export { openSockets } from './socket.ts'
