// `npm run new:component -- rain_gauge`: a folder under firmware/components with a header, a source, a test that passes and a README,
// ready to be filled.
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPONENTS = fileURLToPath(new URL('../firmware/components', import.meta.url));

/** A component's name in the forms that its files need. */
export interface ComponentNames {
	/** Folder and files: `rain_gauge`. */
	readonly snake: string;
	/** Its type on the wire: `rain-gauge`. */
	readonly type: string;
	/** Its class: `RainGauge`. */
	readonly pascal: string;
}

/** `rain_gauge`, `rain-gauge` and `RainGauge` are the same name; undefined for what is none. */
export function namesOf(given: string): ComponentNames | undefined {
	const words = given
		.replaceAll(/([a-z0-9])([A-Z])/gu, '$1_$2')
		.toLowerCase()
		.split(/[_-]/u);
	if (!words.every((word, i) => (i === 0 ? /^[a-z][a-z0-9]*$/u : /^[a-z0-9]+$/u).test(word)))
		return undefined;
	const type = words.join('-');
	if (type.length > 32) return undefined;
	const pascal = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
	return { snake: words.join('_'), type, pascal };
}

/** The files of a new component, by name inside its folder. */
export function componentFiles({ snake, type, pascal }: ComponentNames): Readonly<Record<string, string>> {
	return {
		[`${snake}.h`]: `#pragma once

#include "core/factory.h"
#include "core/fields.h"
#include "hal/adc.h"

namespace fb {

struct ${pascal}Config {
  double period_ms = 1000;
  double scale = 1;  ///< units a volt
};

/// What it measures, with which part, and in what steps so that nothing waits. Name the datasheet's sections in the source.
class ${pascal} final : public Sensor<${pascal}Config> {
 public:
  static constexpr std::string_view kType = "${type}";

  ${pascal}(AdcIn& input, SampleSink& samples) : input_(input), samples_(samples) {}

  std::string_view type() const override { return kType; }
  std::string_view version() const override { return "1.0"; }
  std::string_view capabilities() const override { return "measure.${type.replaceAll('-', '_')}"; }
  Expected<Millis> execute(const Now& now) override;
  void write_state(JsonWriter& out) const override;

 private:
  Fields fields() const override;
  void configured(const Now& now) override { due_ = now.mono; }

  AdcIn& input_;
  SampleSink& samples_;
  Millis due_ = 0;
  double value_ = 0;
  bool measured_ = false;
};

using ${pascal}Factory = FactoryOf<${pascal}, AdcIn, SampleSink>;

}  // namespace fb
`,
		[`${snake}.cpp`]: `#include "components/${snake}/${snake}.h"

namespace fb {

Fields ${pascal}::fields() const {
  // Bounds, title and place, said once: the check, the stored form and the page's form are made from it.
  static constexpr Field kFields[] = {
      number_field("period_ms", "Interval (ms)", offsetof(${pascal}Config, period_ms), 100, 3'600'000),
      number_field("scale", "Scale (units a volt)", offsetof(${pascal}Config, scale), -1e6, 1e6)};
  return {kFields, sizeof kFields / sizeof kFields[0]};
}

Expected<Millis> ${pascal}::execute(const Now& now) {
  if (now.mono < due_) return due_;
  const Expected<double> millivolts = input_.millivolts();
  // What is returned here is counted; the orchestrator tries again, less and less often.
  if (!millivolts.ok()) return millivolts.status();
  value_ = millivolts.value() / 1000 * config_.scale;
  measured_ = true;
  const Metric metrics[] = {{"${snake}", value_}};
  samples_.take(metrics, sizeof metrics / sizeof metrics[0], now);
  due_ = next_turn(due_, config_.period_ms, now);
  return due_;
}

void ${pascal}::write_state(JsonWriter& out) const {
  out.begin_object();
  if (measured_) out.key("${snake}").number(value_);
  out.end_object();
}

}  // namespace fb
`,
		[`${snake}_test.cpp`]: `#include "components/${snake}/${snake}.h"

#include <vector>

#include "ports/host/test.h"

namespace {

class FakeInput final : public fb::AdcIn {
 public:
  fb::Expected<double> millivolts() override {
    if (broken) return fb::Status::kUnavailable;
    return 1250.0;
  }
  bool broken = false;
};

class Taken final : public fb::SampleSink {
 public:
  void take(const fb::Metric* metrics, size_t count, const fb::Now&) override {
    for (size_t i = 0; i < count; i++) values.push_back(metrics[i].value);
  }
  std::vector<double> values;
};

}  // namespace

FB_TEST("${type} gives one sample a period") {
  FakeInput input;
  Taken taken;
  fb::${pascal} component(input, taken);
  component.init({}, {0, 0});
  EXPECT(component.execute({0, 0}).value() == 1000);
  EXPECT(component.execute({500, 0}).value() == 1000);
  EXPECT(component.execute({1000, 0}).value() == 2000);
  EXPECT((taken.values == std::vector<double>{1.25, 1.25}));
}

FB_TEST("${type} says that its input failed, and gives nothing") {
  FakeInput input;
  Taken taken;
  fb::${pascal} component(input, taken);
  component.init({}, {0, 0});
  input.broken = true;
  EXPECT(component.execute({0, 0}).status() == fb::Status::kUnavailable && taken.values.empty());
}
`,
		'README.md': `# ${type}

What it measures or does, in one sentence.

## Wiring

| part | board |
| ---- | ----- |
| out  | an ADC pin |
| GND  | GND   |

## Configuration

| member      | unit         | bounds          | default |
| ----------- | ------------ | --------------- | ------- |
| \`period_ms\` | ms           | 100 … 3,600,000 | 1000    |
| \`scale\`     | units a volt | ±1,000,000      | 1       |

## Metrics

\`${snake}\`: its unit.
`
	};
}

async function main(given: string | undefined): Promise<number> {
	const names = given === undefined ? undefined : namesOf(given);
	if (!names) {
		console.error(
			'npm run new:component -- NAME\n\nNAME: words of a–z and 0–9 joined by _ or -, such as rain_gauge; at most 32 characters.'
		);
		return 64;
	}
	const folder = join(COMPONENTS, names.snake);
	const there = await stat(folder).then(
		() => true,
		() => false
	);
	if (there) {
		console.error(`There is a component ${names.snake} already: firmware/components/${names.snake}`);
		return 73;
	}
	await mkdir(folder);
	for (const [name, text] of Object.entries(componentFiles(names))) await writeFile(join(folder, name), text);
	console.log(
		`firmware/components/${names.snake}: header, source, test and README.\n\n` +
			`Try it:    cmake -S firmware -B build/firmware && cmake --build build/firmware && ctest --test-dir build/firmware -R ${names.snake}\n` +
			`Use it:    add fb::${names.pascal}Factory to the app (firmware/apps/*), as it has the others.\n` +
			'How it works: docs/firmware.md, firmware/core/component.h'
	);
	return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv[2]);
