//! From the wishes of those who ask, and the config, to a [`Route`].

use copydesk_base::wish::{self, Chain};
use copydesk_base::{Asker, Wish};

use crate::choice::{self, Choice, ChooseError, Options};
use crate::route::{Left, Route, Strictness};

/// The route of a request. Where the model that is asked first cannot even be chosen, those who answer instead do so
/// here too, but not in the place of a name that somebody typed for this very request.
pub(crate) fn route(
    wishes: &[Wish],
    of_config: &[String],
    strictness: Strictness,
    options: &Options<'_>,
) -> Result<Route, ChooseError> {
    let wanted = wish::model(wishes);
    let first = choice::choose(wanted, options);
    let provider = match &first {
        Ok(first) => Some(first.provider.as_str()),
        Err(ChooseError::NoModel { provider, .. }) => Some(provider.as_str()),
        Err(_) => None,
    };
    let own = provider.and_then(|name| {
        let chain = options.providers.get(name)?.fallback.as_ref()?;
        Some((name, chain.as_slice()))
    });
    let Chain { said: chain, names } = wish::chain(wishes, own, of_config);
    // What a wish says stands in another file.
    let is_wished = wishes.iter().any(|wish| wish.fallback.is_some());
    let key = own.map_or_else(|| "fallback".to_owned(), |(name, _)| format!("providers.{name}.fallback"));
    let place = options.written.places.get(&key).filter(|_| !is_wished);
    let (mut fallbacks, mut broken) = (Vec::<Choice>::new(), Vec::new());
    for name in names {
        match options.named(name, format!("{chain}: {name}")) {
            Ok(next) => {
                let mut known = first.iter().chain(&fallbacks);
                if known.all(|known| known.model_ref() != next.model_ref()) {
                    fallbacks.push(next);
                }
            }
            Err(error) => broken.push((name.clone(), error.at(place))),
        }
    }
    let (first, unserved) = match first {
        Ok(first) => (first, None),
        Err(error) => {
            let place = options.written.places.get("default_model").filter(|_| wanted.is_none());
            let error = error.at(place);
            let is_typed = wanted.is_some_and(|(asker, _)| asker == Asker::Flag);
            if is_typed || strictness == Strictness::Strict || fallbacks.is_empty() {
                return Err(error);
            }
            let model = wanted.map(|(_, model)| model).or(options.default_model).unwrap_or_default();
            let instead = Choice { requested: Some(model.to_owned()), ..fallbacks.remove(0) };
            (instead, Some(Left { model: model.to_owned(), because: error.to_string() }))
        }
    };
    Ok(Route { first, fallbacks, chain, broken, strictness, unserved })
}
