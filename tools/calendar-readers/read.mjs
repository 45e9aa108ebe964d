// Reads every calendar file of a folder with ical.js and node-ical, and compares what each finds with the .json file of
// the same name. The name of a file that a reader must reject begins with "fault-".
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [programs, folder] = process.argv.slice(2);
const require = createRequire(join(programs, 'package.json'));
const ICAL = (await import(require.resolve('ical.js'))).default;
const nodeIcal = require('node-ical');

const readers = {
    'ical.js': text => {
        const calendar = new ICAL.Component(ICAL.parse(text));
        return calendar.getAllSubcomponents('vevent').map(component => {
            const event = new ICAL.Event(component);
            return {
                uid: event.uid, sequence: event.sequence, summary: event.summary,
                description: event.description ?? '', status: component.getFirstPropertyValue('status'),
                method: calendar.getFirstPropertyValue('method'), start: event.startDate.toJSDate().toISOString(),
                end: event.endDate.toJSDate().toISOString(),
                attendees: component.getAllProperties('attendee').length,
            };
        });
    },
    'node-ical': text => {
        const all = nodeIcal.sync.parseICS(text);
        return Object.values(all).filter(item => item.type === 'VEVENT').map(event => ({
            uid: event.uid, sequence: Number(event.sequence), summary: event.summary,
            description: event.description ?? '', status: event.status, method: event.method,
            start: event.start.toISOString(), end: event.end.toISOString(),
            attendees: [event.attendee ?? []].flat().length,
        }));
    },
};

// node-ical unescapes in several passes: it takes a backslash and an n, both written by a person, for a line break.
const knownToRead = {
    'ical.js': text => text,
    'node-ical': text => text.replaceAll('\\n', '\\\n'),
};

const decoder = new TextDecoder('utf-8', { fatal: true });

function read(reader, file) {
    try {
        return JSON.stringify(reader(decoder.decode(readFileSync(file))));
    } catch (error) {
        return String(error);
    }
}

let wrong = 0;
const files = readdirSync(folder).filter(name => name.endsWith('.ics')).sort();
for (const name of files) {
    const written = JSON.parse(readFileSync(join(folder, name.replace(/ics$/, 'json')), 'utf8'));
    for (const [reader, parse] of Object.entries(readers)) {
        const expected = JSON.stringify(written.map(event => ({
            ...event, summary: knownToRead[reader](event.summary), description: knownToRead[reader](event.description),
        })));
        const found = read(parse, join(folder, name));
        if ((found === expected) !== name.startsWith('fault-')) continue;
        wrong++;
        console.error(`${reader} reads in ${name}:\n  ${found}\nand not as expected:\n  ${expected}`);
    }
}
console.error(`calendars: ${files.length} files, ${wrong} wrong readings by ical.js and node-ical`);
process.exit(files.length === 0 || wrong > 0 ? 1 : 0);
