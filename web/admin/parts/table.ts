/** A column of a DataTable. Its cells come from the slot named `key`, or are the row's field of that name. */
export type Column = {
	key: string
	label: string
	/** Figures stand at the right. */
	figures?: boolean
	/** Stays in one line. */
	tight?: boolean
	/** On a phone it is the heading of the card. */
	main?: boolean
}
