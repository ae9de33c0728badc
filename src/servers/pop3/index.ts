// placeholder of the lead, to be overwritten by the builder of pop3
import type { Entrance, House } from '../types.ts'
export function servePop3(_house: House, entrance: Entrance): void {
	entrance.socket.destroy()
}
