//! Renames over whole workspaces: there and back again is nothing, asked anywhere it is the same, and what was right
//! stays right.

use std::fmt::Write as _;

use copydesk_language::navigate::{Declaration, FileRenames, definition};
use copydesk_language::{File, check, parse};
use proptest::prelude::*;

use crate::world::{World, symmetric};

/// A made-up workspace: a parent that calls children, agents, and references in every style.
fn world() -> impl Strategy<Value = World> {
    let style = 0usize..6;
    (2usize..5, 1usize..4, prop::collection::vec((style, any::<prop::sample::Index>(), 0usize..4), 1..8))
        .prop_map(|(inputs, children, steps)| made(inputs, children, &steps))
}

fn made(inputs: usize, children: usize, steps: &[(usize, prop::sample::Index, usize)]) -> World {
    let mut parent = "name: parent # inputs.in0 steps.call0\ninputs:\n".to_owned();
    for at in 0..inputs {
        let _ = writeln!(parent, "  in{at}: {{type: string}}");
    }
    parent += "outputs:\n  out0: ${{ steps.call0.outputs.sum }}\npools: {narrow: 1}\nsteps:\n";
    for at in 0..children {
        let mapping = if at % 2 == 1 { "    outputMapping: {mapped: sum}\n" } else { "" };
        let _ = write!(
            parent,
            "  - id: call{at}\n    type: workflow\n    path: ./child.yaml\n    inputs:\n      count: ${{{{ inputs.in0 }}}}\n{mapping}"
        );
    }
    for (at, (style, other, kind)) in steps.iter().enumerate() {
        let reference = match kind {
            0 => format!("inputs.in{}", other.index(inputs)),
            1 => format!("steps.call{}.status", other.index(children)),
            2 if children > 1 => "steps.call1.outputs.mapped".to_owned(),
            _ => "steps.call0.outputs.sum".to_owned(),
        };
        let text = match style {
            0 => format!("run: echo ${{{{ {reference} }}}} ä"),
            1 => format!("run: 'it''s ${{{{ {reference} }}}}'"),
            2 => format!("run: \"\\t${{{{ {reference} }}}}\""),
            3 => format!("run: |\n      # {reference}\n      echo ${{{{ {reference} }}}}"),
            4 => format!("run: x\n    if: {reference} == 'a'"),
            _ => format!("run: >\n      echo ${{{{ [1].map(one => one + {reference}) }}}}\n      b"),
        };
        let needs = match at {
            0 => "needs: call0".to_owned(),
            _ if at % 2 == 0 => format!("needs: ['step{}']", at - 1),
            _ => format!("needs:\n      - step{}", at - 1),
        };
        let _ =
            write!(parent, "  - id: step{at}\n    type: shell\n    {needs}\n    pool: narrow\n    {text}\n");
    }
    parent += "  - {id: ask, type: llm, agent: helper, prompt: x, allowedHandoffs: [\"other\"]}\n";
    World::new(&format!(
        "//- /w/flows/parent.workflow.yaml\n{parent}//- /w/flows/child.yaml\n\
         name: child\ninputs:\n  count: {{type: string}}\noutputs:\n  sum: ${{{{ steps.add.output }}}}\n\
         steps:\n  - &first\n    id: add\n    type: shell\n    run: echo ${{{{ inputs.count }}}}\n\
         //- /w/flows/agents/helper.md\n---\nname: helper\n---\n//- /w/flows/agents/other.md\n---\nname: other\n---\n"
    ))
}

/// The findings of all files, by code.
fn findings(world: &World) -> Vec<String> {
    let index = world.index();
    let mut found = Vec::new();
    for (path, text) in &world.files {
        let tree = parse(path, text);
        let codes = check(&File::new(path, text, &tree), &index);
        found.extend(
            codes
                .iter()
                .map(|one| format!("{} {}", one.code, path.extension().unwrap_or_default().display())),
        );
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back_again_is_nothing(
        world in world(),
        file in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        new in prop::sample::select(vec!["fresh", "fresh-name", "_x1"]),
    ) {
        let files = &world.files;
        let (path, text) = files.iter().nth(file.index(files.len())).unwrap();
        // A place with a name: the first one at or behind a random byte.
        let mut asked = World { at: path.clone(), offset: place.index(text.len()), ..world.clone() };
        while asked.offset < text.len() && asked.references(Declaration::With).is_empty() {
            asked.offset += 1;
        }
        let found = asked.references(Declaration::With);
        prop_assume!(!found.is_empty());
        symmetric(&asked, &found);
        let Ok(there) = asked.rename(new, FileRenames::Can) else {
            // A path, or a callback's parameter with a hyphen.
            return Ok(());
        };
        let declared = asked.with(|file| {
            let texts = |path: &std::path::Path, look: &mut dyn FnMut(&File<'_>)| asked.show(path, look);
            definition(file, &asked.index(), &texts, asked.offset)
        });
        let mut declared = declared.unwrap();
        let target = declared.targets.remove(0);
        let from = World { at: target.path.clone(), offset: target.span.start, ..asked.clone() };
        let old = target.span.of(&from.files[&from.at]).to_owned();
        let from_there = from.rename(new, FileRenames::Can);
        prop_assert_eq!(from_there.as_ref(), Ok(&there), "asked where it is declared");
        let renamed = from.after(&there);
        prop_assert_eq!(findings(&renamed), findings(&world), "what was right stays right");
        let back = renamed.rename(&old, FileRenames::Can).expect("the way back");
        prop_assert_eq!(renamed.after(&back).files, world.files);
    }
}
