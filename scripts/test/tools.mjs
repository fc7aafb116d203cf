// What the suites need besides npm, how to find it, and how to get it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromiumAdvice, findChromium } from '../find-chromium.mjs';
import { findFuzzingClang, fuzzingClangAdvice } from '../find-fuzzing-clang.mjs';

/**
 * @typedef {'chromium' | 'mosquitto' | 'compiler' | 'fuzzer' | 'json' | 'libraries'} Tool
 * @typedef {{ what: string, found: () => boolean, apt: readonly string[], advice: string }} ToolFacts
 */

/** @type {Record<Tool, ToolFacts>} */
export const tools = {
	chromium: {
		what: 'Chromium',
		found: () => findChromium() !== undefined,
		apt: ['chromium'],
		advice: chromiumAdvice
	},
	mosquitto: {
		what: 'mosquitto',
		found: () => onPath('mosquitto', ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']),
		apt: ['mosquitto'],
		advice: 'Debian: apt-get install mosquitto; macOS: brew install mosquitto'
	},
	compiler: {
		what: 'a C++ compiler and CMake',
		found: () =>
			(onPath('g++') || onPath('clang++')) && onPath('cmake') && (onPath('make') || onPath('ninja')),
		apt: ['g++', 'cmake', 'make'],
		advice: 'Debian: apt-get install g++ cmake make; macOS: xcode-select --install && brew install cmake'
	},
	fuzzer: {
		what: 'clang++ with libFuzzer',
		found: () => findFuzzingClang() !== undefined,
		apt: ['clang', 'libclang-rt-dev', 'llvm'],
		advice: fuzzingClangAdvice
	},
	json: {
		what: 'nlohmann-json (the oracle of our JSON reader)',
		found: () => header('nlohmann/json.hpp'),
		apt: ['nlohmann-json3-dev'],
		advice: 'Debian: apt-get install nlohmann-json3-dev; macOS: brew install nlohmann-json'
	},
	libraries: {
		what: 'the libraries of the Linux firmware (Mbed TLS, libmosquitto, libmodbus, cpp-httplib)',
		found: () =>
			['mbedtls/sha256.h', 'mosquitto.h', 'modbus/modbus.h', 'httplib.h'].every(header) &&
			onPath('pkg-config'),
		apt: ['libmbedtls-dev', 'libmosquitto-dev', 'libmodbus-dev', 'libcpp-httplib-dev', 'pkg-config'],
		advice:
			'Debian: apt-get install libmbedtls-dev libmosquitto-dev libmodbus-dev libcpp-httplib-dev pkg-config; ' +
			'macOS: brew install mbedtls mosquitto libmodbus cpp-httplib pkg-config'
	}
};

/**
 * Installs what is missing where that needs no question: Debian's packages, as root or with a sudo that asks nothing.
 * @param {readonly Tool[]} missing
 */
export function installMissing(missing) {
	if (missing.length === 0 || !onPath('apt-get')) return;
	const root = process.getuid?.() === 0;
	if (!root && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return;
	const packages = missing.flatMap((tool) => tools[tool].apt);
	console.log(`Installing ${packages.join(', ')} …`);
	const apt = (/** @type {string[]} */ ...args) =>
		spawnSync(root ? 'apt-get' : 'sudo', [...(root ? [] : ['-n', 'apt-get']), ...args], {
			stdio: ['ignore', 'ignore', 'inherit'],
			env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
		}).status === 0;
	const install = () => apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
	if (!install() && apt('update', '-qq')) install();
}

/** @param {string} file as a source includes it */
function header(file) {
	return ['/usr/include', '/usr/local/include', '/opt/homebrew/include'].some((folder) =>
		existsSync(join(folder, file))
	);
}

/** @param {string} command @param {readonly string[]} [more] folders besides those of PATH */
function onPath(command, more = []) {
	return [...(process.env.PATH ?? '').split(delimiter), ...more].some((folder) =>
		existsSync(join(folder, command))
	);
}
