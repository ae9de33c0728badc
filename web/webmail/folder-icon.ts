const ROLES = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'] as const

/** What a folder is drawn as. */
export const folderIcon = (role: string | null | undefined): (typeof ROLES)[number] | 'folder' =>
	ROLES.find(each => each === role) ?? 'folder'
