import { after, before } from 'node:test'
import { fetchmailTests } from './clients/fetchmail.ts'
import { getmailTests } from './clients/getmail.ts'
import { imapfilterTests } from './clients/imapfilter.ts'
import { largeTests } from './clients/mbsync-large.ts'
import { offlineimapTests } from './clients/offlineimap.ts'
import { Town } from './clients/town.ts'

/* Programs that carry mail to and fro by themselves, against two joined nodes as in clients.test.ts. */

const town = new Town('127.0.23.1', '127.0.23.2')
before(() => town.begin())
after(() => town.end())

getmailTests(town)
fetchmailTests(town)
imapfilterTests(town)
offlineimapTests(town)
largeTests(town)
