//! The order in which stages run.

use crate::config::document::Name;
use crate::config::source::Span;
use crate::error::{Error, Result};

/// Indices such that each stage comes after those it has edges to, and otherwise in the given order: a stage
/// is preceded by what it needs, and nothing moves further than that.
pub(crate) fn running_order(names: &[&Name], edges: &[Vec<(usize, Span)>]) -> Result<Vec<usize>> {
    let mut walk = CycleSearch {
        names,
        edges,
        state: vec![VisitState::New; names.len()],
        path: vec![],
        order: vec![],
    };
    (0..names.len()).try_for_each(|at| walk.visit(at))?;
    Ok(walk.order)
}

#[derive(Clone, Copy, PartialEq)]
enum VisitState {
    New,
    Open,
    Done,
}

struct CycleSearch<'a> {
    names: &'a [&'a Name],
    edges: &'a [Vec<(usize, Span)>],
    state: Vec<VisitState>,
    path: Vec<usize>,
    order: Vec<usize>,
}

impl CycleSearch<'_> {
    /// Depth first. The depth is bounded by the number of stages, which the document bounds.
    fn visit(&mut self, at: usize) -> Result<()> {
        match self.state[at] {
            VisitState::Done => return Ok(()),
            VisitState::Open => return Err(self.cycle(at)),
            VisitState::New => {}
        }
        self.state[at] = VisitState::Open;
        self.path.push(at);
        for (to, _) in &self.edges[at] {
            self.visit(*to)?;
        }
        self.path.pop();
        self.state[at] = VisitState::Done;
        self.order.push(at);
        Ok(())
    }

    fn cycle(&self, at: usize) -> Error {
        let from = self.path.iter().position(|p| *p == at).unwrap_or(0);
        let circle: Vec<usize> = self.path[from..].iter().copied().chain([at]).collect();
        let spans: Vec<(usize, &Span)> = circle
            .windows(2)
            .filter_map(|pair| {
                Some((
                    pair[0],
                    self.edges[pair[0]].iter().find(|(to, _)| *to == pair[1])?,
                ))
            })
            .map(|(stage, (_, span))| (stage, span))
            .collect();
        let Some((_, last)) = spans.last() else {
            return Error::new(crate::ErrorKind::Config, "a cycle");
        };
        if circle.len() == 2 {
            let message = format!("stage `{}` refers to itself", self.names[at].text);
            return Error::config(last, message).help("a stage can read only what other stages leave");
        }
        let drawn: Vec<&str> = circle.iter().map(|i| self.names[*i].text.as_str()).collect();
        let message = format!("stages need each other in a circle: {}", drawn.join(" → "));
        let error = Error::config(last, message).help("one of these must do without what comes after it");
        circle
            .windows(2)
            .zip(&spans)
            .fold(error, |error, (pair, (_, span))| {
                error.note(format!(
                    "`{}` needs `{}` at {span}",
                    self.names[pair[0]].text, self.names[pair[1]].text
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::source::SourceText;

    fn ordered(count: usize, edges: &[(usize, usize)]) -> Result<Vec<usize>> {
        let span = Span::start_of(&SourceText::file("t", ""));
        let names: Vec<Name> = (0..count)
            .map(|i| Name {
                text: i.to_string(),
                span: span.clone(),
            })
            .collect();
        let mut lists = vec![Vec::new(); count];
        for (from, to) in edges {
            lists[*from].push((*to, span.clone()));
        }
        running_order(&names.iter().collect::<Vec<_>>(), &lists)
    }

    #[test]
    fn without_edges_the_order_is_the_files() {
        assert_eq!(ordered(4, &[]).unwrap(), [0, 1, 2, 3]);
    }

    #[test]
    fn a_stage_is_preceded_by_what_it_needs_and_nothing_else_moves() {
        assert_eq!(ordered(4, &[(1, 3)]).unwrap(), [0, 3, 1, 2]);
    }

    proptest! {
        #[test]
        fn the_order_respects_every_edge(pairs in prop::collection::vec((0usize..12, 0usize..12), 0..40)) {
            let edges: Vec<_> = pairs.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.max(b), a.min(b))).collect();
            let order = ordered(12, &edges).unwrap();
            let place = |i: usize| order.iter().position(|o| *o == i).unwrap();
            prop_assert_eq!(order.len(), 12);
            prop_assert!(edges.iter().all(|(from, to)| place(*to) < place(*from)));
        }

        #[test]
        fn any_edges_give_an_order_or_a_cycle(edges in prop::collection::vec((0usize..8, 0usize..8), 0..30)) {
            match ordered(8, &edges) {
                Ok(order) => {
                    let place = |i: usize| order.iter().position(|o| *o == i).unwrap();
                    prop_assert!(edges.iter().all(|(from, to)| place(*to) < place(*from)));
                }
                Err(e) => prop_assert!(e.message().contains("circle") || e.message().contains("itself")),
            }
        }
    }
}
