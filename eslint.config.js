import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default defineConfig(
	{
		ignores: [
			'.svelte-kit/',
			'build/',
			'.cache/',
			'firmware/',
			'static/',
			'test-results/',
			'playwright-report/'
		]
	},
	js.configs.recommended,
	ts.configs.strictTypeChecked,
	svelte.configs.recommended,
	prettier,
	svelte.configs.prettier,
	{
		languageOptions: {
			globals: { ...globals.browser, ...globals.node, __BUILD_ID__: 'readonly' },
			parserOptions: {
				projectService: true,
				tsconfigRootDir: import.meta.dirname,
				extraFileExtensions: ['.svelte']
			}
		},
		linterOptions: { reportUnusedDisableDirectives: 'error' },
		rules: {
			eqeqeq: ['error', 'always'],
			'no-console': 'error',
			'no-undef': 'off', // the compiler knows better
			'@typescript-eslint/switch-exhaustiveness-check': [
				'error',
				{ considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false }
			],
			'@typescript-eslint/consistent-type-imports': [
				'error',
				{ fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }
			],
			// `Result` and friends are unions; an unused one is a lost error. Promises first:
			'@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
			'@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
			// Numbers and booleans in text are what templates are for.
			'@typescript-eslint/restrict-template-expressions': [
				'error',
				{ allowNumber: true, allowBoolean: true, allowNullish: false }
			],
			'@typescript-eslint/no-confusing-void-expression': 'off',
			'@typescript-eslint/no-unused-vars': [
				'error',
				{ argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }
			],
			// `() => {}` says "nothing to do" as well as anything.
			'@typescript-eslint/no-empty-function': 'off',
			// Interfaces and types each have their place.
			'@typescript-eslint/consistent-type-definitions': 'off',
			// An async method may implement an interface that waits elsewhere.
			'@typescript-eslint/require-await': 'off',
			// noUncheckedIndexedAccess makes every read of a column optional; a loop's own bound is the proof.
			'@typescript-eslint/no-non-null-assertion': 'off',
			// The DOM's types say that every browser has everything; we ask before we use it.
			'@typescript-eslint/no-unnecessary-condition': 'off',
			'@typescript-eslint/no-dynamic-delete': 'off',
			'@typescript-eslint/unified-signatures': 'off'
		}
	},
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
		rules: {
			'svelte/no-at-html-tags': 'error',
			'svelte/require-each-key': 'error',
			// A style attribute in a template is parsed from text, which our CSP blocks; a style: directive goes through CSSOM.
			'no-restricted-syntax': [
				'error',
				{
					selector: 'SvelteAttribute[key.name="style"]',
					message: 'Blocked by the CSP. Use a class, or a style: directive for a measured value.'
				}
			],
			'svelte/button-has-type': 'error',
			'svelte/no-target-blank': 'error',
			'svelte/no-navigation-without-resolve': 'off', // links are made in one place, app/page
			// $state and $props are reassigned by the framework.
			'prefer-const': 'off',
			'svelte/prefer-const': ['error', { excludedRunes: ['$props', '$state'] }]
		}
	},
	{
		// Tools talk to a terminal.
		files: ['scripts/**', 'bench/**', 'tests/**', '*.config.*', '.dependency-cruiser.cjs'],
		rules: { 'no-console': 'off' }
	},
	{
		// Tests reach for the value that must be there, and stub what the rules would have them type.
		files: ['**/*.test.ts', 'tests/**', 'bench/**'],
		rules: {
			'@typescript-eslint/unbound-method': 'off',
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off'
		}
	},
	{
		// Plain JavaScript is checked by svelte-check through JSDoc; the typed rules need more types than it has.
		files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
		...ts.configs.disableTypeChecked
	},
	{ files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } }
);
